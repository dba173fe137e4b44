import { type Case, secret as s } from "./case.ts";
import { alnum, base64, glue, hex, jwt, pem, token, upperAlnum } from "./samples.ts";

/** Keys of no vendor, and secrets told by their name. */
export const KEYS_AND_NAMES: readonly Case[] = [
  {
    rule: "private-key",
    secrets: [
      s(pem()),
      `key: |\n  ${s(pem("PRIVATE KEY"))}\n`,
      `{"private_key": "${s(pem("OPENSSH PRIVATE KEY").replaceAll("\n", "\\n"))}"}`,
      s(pem("PGP PRIVATE KEY BLOCK")),
    ],
    lookalikes: [
      pem("PUBLIC KEY"),
      pem("CERTIFICATE"),
      glue('if (text.includes("-----', "BEGIN ", 'PRIVATE KEY-----")) refuse();'),
      glue("-----", "BEGIN ", "PRIVATE KEY-----\n...\n-----", "END ", "PRIVATE KEY-----"),
    ],
  },
  {
    rule: "putty-key",
    secrets: [`${s(glue("PuTTY-User", "-Key-File-3: ssh-ed25519"))}\n`],
    lookalikes: ["a PuTTY key file"],
  },
  {
    rule: "age-key",
    secrets: [s(glue("AGE-SECRET", "-KEY-1", upperAlnum(58)))],
    lookalikes: ["AGE-SECRET-KEY-1..."],
  },
  {
    rule: "jwt",
    secrets: [`Cookie: session=${s(jwt())};`, `"${s(jwt(2))}"`],
    lookalikes: [
      jwt().split(".").slice(0, 2).join("."),
      "eyJhbGciOiJIUzI1NiJ9",
      glue("eyJ", alnum(9), ".eyJ", alnum(9), ".", alnum(5)),
    ],
  },
  {
    rule: "mosaic-token",
    secrets: [`X-API-Key: ${s(glue("mosaic", "_", token(43)))}`],
    lookalikes: [glue("mosaic", "_", "a_name_of_a_metric_that_is_quite_long_total")],
  },
  {
    rule: "url-password",
    secrets: [
      `DATABASE_URL=postgres://app:${s("tr0ub4dor")}@db.internal:5432/app`,
      `redis://:${s(alnum(12))}@cache:6379`,
      `mongodb+srv://u:${s(alnum(16))}@cluster0.mongodb.net`,
      `git clone https://me:${s(alnum(20))}@git.example/x.git`,
    ],
    lookalikes: [
      "postgres://postgres:postgres@localhost:5432/app",
      "postgres://user:${PASSWORD}@host/db",
      "postgres://user:<password>@host/db",
      "https://example.com:8080/@scope/name",
      "mysql://localhost:3306/db",
      "ssh://git@github.com:22/x",
    ],
  },
  {
    rule: "authorization-header",
    secrets: [
      `curl -H "Authorization: Bearer ${s(alnum(32))}"`,
      `{"authorization":"Basic ${s(base64(24, 8))}"}`,
      `X-Api-Key: ${s(alnum(32, 9))}`,
    ],
    lookalikes: [
      "Authorization: Bearer <token>",
      "Authorization: Bearer ${token}",
      "Authorization: Bearer your_token_goes_here",
      'headers["authorization"] = authorizationHeaderFor(user)',
    ],
  },
  {
    rule: "curl-credentials",
    secrets: [`curl -u admin:${s(alnum(12))} https://x.example`, `curl -s --user me:${s("s3cr3t!x")} y`],
    lookalikes: ["curl -u user:password https://x", "curl -u $USER:$PASS https://x"],
  },
  {
    rule: "generic-assignment",
    secrets: [
      `const password = "${s("Tr0ub4dor&3")}";`,
      `api_key: '${s(alnum(32))}'`,
      `"client_secret": "${s(alnum(24, 5))}"`,
      `setEnv("ACCESS_TOKEN", "${s(hex(40))}")`,
      `{\\"token\\":\\"${s(alnum(30))}\\"}`,
      `dbPassword := \`${s("aB3$xY9!qq")}\``,
    ],
    lookalikes: [
      'password = "changeme"',
      'password = "your_password_here"',
      'token = "${TOKEN}"',
      'apiKey: "<api-key>"',
      'secret = "aaaaaaaaaaaaaaaa"',
      'password: "password-input-field"',
      'token: "access_token"',
      'const key = "user.settings.theme"',
      'apiKey = "process.env.API_KEY"',
      'password = "123456789"',
      'token: "https://example.test/oauth/token1"',
      'passwordHint = "the Name of your first pet 1"',
      `integrity: "sha512-${alnum(30)}"`,
      'secretName: "db-credentials-v2"',
    ],
  },
  {
    rule: "generic-env-assignment",
    secrets: [
      `DB_PASSWORD=${s(alnum(14))}`,
      `export API_TOKEN=${s(alnum(32))}`,
      `  smtp_password: ${s(alnum(20, 3))}\n`,
      `\nsecret_key_base = ${s(hex(64))}`,
    ],
    lookalikes: [
      "DB_PASSWORD=changemechangeme",
      "API_TOKEN=$API_TOKEN_FROM_VAULT1",
      "token = parseToken(input1)",
      "max_tokens: options.maxTokens2",
      "PASSWORD=example-password-1",
      "key: some-kebab-case-name",
      "cacheReadTokens: a.cacheReadTokens1 + 1",
    ],
  },
];
