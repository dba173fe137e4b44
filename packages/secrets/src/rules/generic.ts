import { isPlaceholder, isWords } from "../placeholder.ts";
import { looksRandom } from "../randomness.ts";
import { type Candidate, type Rule, type Span, secretOf } from "../rule.ts";

const NAME =
  "(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|auth[_-]?key|access[_-]?key|private[_-]?key|credential)s?(?:[_-]?(?:key|value|token|base64|base)){0,2}";

/** A value somebody keeps secret, not one that only stands where a secret would. */
function secretValue(candidate: Candidate): Span | null {
  const value = secretOf(candidate);
  return isPlaceholder(value) || isWords(value) || !looksRandom(value) ? null : candidate;
}

/** Passwords of examples and of databases on a developer's machine. */
const WEAK = new Set([
  "password",
  "passwd",
  "pass",
  "pw",
  "pwd",
  "secret",
  "root",
  "admin",
  "guest",
  "user",
  "username",
  "postgres",
  "mysql",
  "redis",
  "mongo",
  "rabbitmq",
  "test",
  "testing",
  "token",
  "dev",
  "development",
  "local",
  "localhost",
  "mosaic",
  "app",
]);

function urlPassword(candidate: Candidate): Span | null {
  const value = secretOf(candidate);
  return WEAK.has(value.toLowerCase()) || isPlaceholder(value) ? null : candidate;
}

/** Secrets told by the name they are given. */
export const GENERIC_RULES: readonly Rule[] = [
  {
    id: "url-password",
    description: "Password in a URL (database, queue, repository, proxy)",
    keywords: ["://"],
    generic: true,
    pattern: "[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\\s:@/\"'`<>]{0,80}:([^\\s@/\"'`<>]{3,200})@[A-Za-z0-9\\[]",
    refine: urlPassword,
  },
  {
    id: "authorization-header",
    description: "Credential of an Authorization header",
    keywords: ["authorization", "x-api-key"],
    generic: true,
    pattern:
      "(?i)(?:authorization|x-api-key)\\\\?[\"']?[ \\t]{0,3}[:=,][ \\t]{0,3}\\\\?[\"'`]?(?:(?:bearer|basic|token|apikey)[ \\t]{1,3})?([a-z0-9._~+/=-]{16,400})",
    refine: secretValue,
  },
  {
    id: "curl-credentials",
    description: "User and password of a curl command",
    keywords: ["curl"],
    generic: true,
    pattern: "curl[^\\n|;&]{0,200}[ \\t](?:-u|--user)[ \\t=]{0,2}[\"']?[^\\s:\"']{1,60}:([^\\s\"']{6,200})",
    refine: urlPassword,
  },
  {
    id: "generic-assignment",
    description: "Value assigned to something called password, secret, token or key",
    keywords: ["password", "passwd", "passphrase", "pwd", "secret", "token", "key", "credential"],
    generic: true,
    pattern: `(?i)${NAME}\\\\?["']?[ \\t]{0,3}(?:=>|:=|===?|:|=|,)[ \\t]{0,3}\\\\?["'\`]([^"'\`\\s\\\\]{8,200})\\\\?["'\`]`,
    refine: secretValue,
  },
  {
    id: "generic-env-assignment",
    description: "Value assigned without quotes, as in .env, YAML and INI files",
    keywords: ["password", "passwd", "passphrase", "pwd", "secret", "token", "key", "credential"],
    generic: true,
    pattern: `(?:^|[\\s;])(?:export[ \\t]+)?(?i:[a-z0-9_.-]{0,40}${NAME})[ \\t]{0,3}[=:][ \\t]{0,3}([^\\s"'\`$<>(){}\\[\\],;]{12,200})(?:\\s|$)`,
    refine: secretValue,
  },
];
