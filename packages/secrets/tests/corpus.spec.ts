import { describe, expect, it } from "vitest";
import { createScanner, RULES } from "../src/index.ts";
import { CONTENT_RULES } from "../src/rules.ts";
import { CORPUS } from "./corpus.ts";

const scanner = createScanner({ salt: "a salt for the tests" });

/** Takes the marks out, and tells what was between them. */
function unmark(text: string): { text: string; secret: string } {
  const secret = /«([^»]*)»/.exec(text)?.[1];
  if (secret === undefined) throw new Error(`no secret is marked in: ${text}`);
  return { text: text.replace(/«([^»]*)»/, "$1"), secret };
}

const positives = CORPUS.flatMap(({ rule, secrets }) =>
  secrets.map((marked, index) => ({ rule, marked, index })),
);
const negatives = CORPUS.flatMap(({ rule, lookalikes }) => lookalikes.map((text) => ({ rule, text })));

describe("the built-in rules", () => {
  it("each have at least one secret and one look-alike in the corpus", () => {
    const covered = CORPUS.filter(({ secrets, lookalikes }) => secrets.length > 0 && lookalikes.length > 0);
    expect(covered.map(({ rule }) => rule).sort()).toEqual(CONTENT_RULES.map(({ id }) => id).sort());
  });

  it.each(positives)(
    "$rule finds secret $index and nothing else, and takes exactly it out of the text",
    ({ rule, marked }) => {
      const { text, secret } = unmark(marked);
      const findings = scanner.scanText(text, "a.txt");
      expect(findings.map((finding) => finding.rule)).toEqual([rule]);
      expect(JSON.stringify(findings)).not.toContain(secret);
      const expected = marked.replace(/«[^»]*»/, `[redacted:${rule}]`);
      expect(scanner.redact(text)).toBe(expected);
      expect(scanner.redact(expected)).toBe(expected);
    },
  );

  it.each(negatives)("$rule lets pass: $text", ({ text }) => {
    expect(scanner.scanText(text)).toEqual([]);
    expect(scanner.redact(text)).toBe(text);
  });

  it("have keywords the search can find, one id each, and a description", () => {
    for (const { keywords } of CONTENT_RULES) {
      expect(keywords.length).toBeGreaterThan(0);
      for (const keyword of keywords) expect(keyword).toMatch(/^[ -@[-~]{2,}$/);
    }
    const ids = RULES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(RULES.every(({ description }) => description.length > 3)).toBe(true);
  });
});
