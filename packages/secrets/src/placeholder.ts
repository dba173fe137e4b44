const PLACEHOLDER_WORDS = [
  "example",
  "sample",
  "changeme",
  "change_me",
  "change-me",
  "placeholder",
  "dummy",
  "your_",
  "your-",
  "yourpassword",
  "insert_",
  "replace",
  "redacted",
  "not-a-real",
  "not_a_real",
  "notreal",
  "fixme",
  "todo",
  "xxxx",
  "****",
  "....",
];

/** A reference to a value that is kept elsewhere: `${VAR}`, `$VAR`, `{{ var }}`, `<var>`, `%VAR%`, `process.env.X`. */
const REFERENCE =
  /\$\{|^(?:\$\(|\$[A-Za-z_]|\{\{|\{%|<|%[A-Za-z_]+%$|@|#\{)|process\.env|import\.meta|os\.environ|getenv|env\(|ENV\[|secrets\.|vault:|\(\)|=>|\$\{\{/;

/** Words joined by dots, dashes or underscores, as identifiers, paths and messages are. */
const WORDS = /^[^A-Za-z0-9]{0,2}[A-Za-z]+\d{0,2}(?:[._\-/:](?:[A-Za-z]+\d{0,2}|\d{1,4}))*[^A-Za-z0-9]{0,2}$/;
/** `user.apiKey2`, `options?.token`: code that says where a secret is. */
const MEMBER = /^[A-Za-z_$][\w$]{0,31}(?:\[[^\]]{0,20}\]|\??\.(?:\*|[A-Za-z_$][\w$]{0,31}))+$/;
const LOCATION = /^(?:https?:\/\/|\.{0,2}\/|[a-z]:\\)/i;

function isRepetitive(value: string): boolean {
  if (new Set(value).size <= 4) return true;
  return (
    "0123456789012345678901234567890".includes(value) ||
    "abcdefghijklmnopqrstuvwxyz".includes(value.toLowerCase())
  );
}

/** Whether a value stands for a secret instead of being one. */
export function isPlaceholder(value: string): boolean {
  const lower = value.toLowerCase();
  return (
    PLACEHOLDER_WORDS.some((word) => lower.includes(word)) ||
    REFERENCE.test(value) ||
    LOCATION.test(value) ||
    isRepetitive(value)
  );
}

/** A long run of letters in mixed case is no identifier: those change case between words, not within them. */
function isScrambled(value: string): boolean {
  const changes = value.match(/[a-z][A-Z]/g)?.length ?? 0;
  return value.length >= 20 && /^[A-Za-z]+$/.test(value) && changes * 5 > value.length;
}

/** Whether a value reads as words or code: the name of a field, a message, a path. */
export function isWords(value: string): boolean {
  return (WORDS.test(value) || MEMBER.test(value)) && !isScrambled(value);
}
