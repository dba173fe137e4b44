import { describe, expect, it } from "vitest";
import { anthropicKey, glue, jwt, pem } from "../corpus/samples.ts";
import { createMatcher } from "./matcher.ts";
import { CONTENT_RULES } from "./rules.ts";

const match = createMatcher({ rules: CONTENT_RULES, known: [], maxLineCharacters: 4096 });
const never = () => false;
const work = (text: string) => match(text, never).work;

const HOSTILE: readonly (readonly [string, (length: number) => string])[] = [
  ["one endless word", (n) => "a".repeat(n)],
  ["keywords only", (n) => "token ".repeat(n / 6)],
  ["keywords without spaces", (n) => "password".repeat(n / 8)],
  ["beginnings of assignments", (n) => 'token = "'.repeat(n / 9)],
  ["an assignment that never closes", (n) => `password = "${"x1".repeat(n / 2)}`],
  ["beginnings of keys", (n) => "sk-ant-api03-".repeat(n / 13)],
  ["beginnings of headers", (n) => glue("-----", "BEGIN ", "PRIVATE KEY-----").repeat(n / 27)],
  ["beginnings of JSON web tokens", (n) => "eyJaaaaaaaa.eyJaaaaaaaa.".repeat(n / 24)],
  ["URLs without a password", (n) => "https://a:".repeat(n / 10)],
  ["the rule that took another scanner 3.5 s", (n) => "curl -u a:".repeat(n / 10)],
  ["one long key", (n) => anthropicKey() + "A".repeat(n)],
  ["lines of one character", (n) => "\n".repeat(n)],
  ["keywords on lines of their own", (n) => "secret\n".repeat(n / 7)],
];

describe("the matcher's work", () => {
  it.each(HOSTILE)("grows no faster than the text: %s", (_, text) => {
    const small = work(text(100_000));
    const large = work(text(200_000));
    expect(large.characters).toBeLessThanOrEqual(small.characters * 2.1 + 10_000);
    expect(large.windows).toBeLessThanOrEqual(small.windows * 2.1 + 10);
    // Each rule looks at a place about once, whatever is in it.
    expect(large.characters).toBeLessThanOrEqual(200_000 * 1.3 * CONTENT_RULES.length);
  });

  it("is none where no keyword is", () => {
    expect(work("nothing to see here\n".repeat(1000))).toEqual({ windows: 0, characters: 0 });
  });

  it("stops when the time is up, and says so", () => {
    let asked = 0;
    const result = match("password\n".repeat(10_000), () => (asked += 1) > 3);
    expect(result.complete).toBe(false);
    expect(result.work.windows).toBeLessThan(100);
  });
});

describe("a line longer than a window", () => {
  it.each([0, 1, 500, 3500, 3900, 4000, 4050, 4095, 4096, 4097, 8000, 20_000])(
    "hides no secret %i characters in, whatever is before it",
    (offset) => {
      for (const [rule, secret] of [
        ["anthropic-key", anthropicKey()],
        ["jwt", jwt()],
        ["private-key", pem().replaceAll("\n", "\\n")],
      ] as const) {
        for (const filler of [
          "x".repeat(offset),
          "token ".repeat(offset).slice(0, offset),
          "key=".repeat(offset).slice(0, offset),
        ]) {
          const before = `${filler} `;
          const text = `${before}${secret} ${"y ".repeat(5000)}`;
          const exact = match(text, never).matches.filter((found) => found.rule === rule);
          expect(exact.map(({ start, end }) => [start, end])).toEqual([
            [before.length, before.length + secret.length],
          ]);
        }
      }
    },
  );

  it("gives every secret of a long row of them", () => {
    const keys = Array.from({ length: 300 }, (_, seed) => anthropicKey("api03", seed + 1));
    const { matches } = match(keys.join(" "), never);
    const found = matches.filter(({ rule }) => rule === "anthropic-key");
    expect(new Set(found.map(({ start }) => start)).size).toBe(300);
  });
});

describe("secrets that share a delimiter", () => {
  it("are found all", () => {
    const ids = ["ABCDEFGHIJKLMNOP", "QRSTUVWXYZ234567", "BCDEFGHIJKLMNOPQ"].map((rest) =>
      glue("AK", "IA", rest),
    );
    const { matches } = match(ids.join(","), never);
    expect(matches.map(({ start }) => start)).toEqual([0, 21, 42]);
  });
});
