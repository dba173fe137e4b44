/**
 * Characters of sample secrets, made when a test runs: no text in this repository looks like a secret. The same seed
 * gives the same characters.
 */
export function characters(alphabet: string, length: number, seed = 1): string {
  let state = (seed * 2_654_435_761) >>> 0;
  let result = "";
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    result += alphabet[(state >>> 16) % alphabet.length] ?? "";
  }
  return result;
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";

export const alnum = (length: number, seed?: number) => characters(LOWER + UPPER + DIGITS, length, seed);
export const lowerAlnum = (length: number, seed?: number) => characters(LOWER + DIGITS, length, seed);
export const upperAlnum = (length: number, seed?: number) => characters(UPPER + DIGITS, length, seed);
export const letters = (length: number, seed?: number) => characters(LOWER + UPPER, length, seed);
export const base32 = (length: number, seed?: number) => characters(`${UPPER}234567`, length, seed);
export const hex = (length: number, seed?: number) => characters(`${DIGITS}abcdef`, length, seed);
export const digits = (length: number, seed?: number) => characters("123456789", length, seed);
export const base64 = (length: number, seed?: number) =>
  characters(`${LOWER}${UPPER}${DIGITS}+/`, length, seed);
export const token = (length: number, seed?: number) =>
  characters(`${LOWER}${UPPER}${DIGITS}_-`, length, seed);
export const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;

/** Joins a prefix that scanners of this repository would look for with the rest, out of their sight. */
export const glue = (...parts: readonly string[]) => parts.join("");

export const anthropicKey = (kind = "api03", seed?: number) =>
  glue("sk-", "ant-", kind, "-", alnum(93, seed), "AA");

export const jwt = (seed = 1) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "1", iat: seed })}.${token(43, seed)}`;
};

export const pem = (kind = "RSA PRIVATE KEY") => {
  const lines = [1, 2, 3, 4].map((seed) => base64(64, seed)).join("\n");
  return `${glue("-----", "BEGIN ", kind, "-----")}\n${lines}\n${glue("-----", "END ", kind, "-----")}`;
};
