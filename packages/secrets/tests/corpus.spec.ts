import { describe, expect, it } from "vitest";
import { measure, total } from "../corpus/measure.ts";
import { createScanner, RULES } from "../src/index.ts";
import { CONTENT_RULES } from "../src/rules.ts";
import { createDeepScan } from "../src/scanner.ts";
import { secretlint } from "../src/secretlint.ts";
import { unmark } from "../corpus/case.ts";
import { CORPUS } from "../corpus/corpus.ts";

const scanner = createScanner({ salt: "a salt for the tests" });

const positives = CORPUS.flatMap(({ rule, secrets }) =>
  secrets.map((marked, index) => ({ rule, marked, index })),
);
const negatives = CORPUS.flatMap(({ rule, lookalikes }) => lookalikes.map((text) => ({ rule, text })));

describe("the built-in rules", () => {
  it("each have at least one secret and two look-alikes in the corpus", () => {
    const covered = CORPUS.filter(({ secrets, lookalikes }) => secrets.length > 0 && lookalikes.length > 1);
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

describe("precision and recall on the corpus", () => {
  it("are 100 % for each rule, alone and together with secretlint", async () => {
    const alone = await measure(CORPUS, (text) => scanner.scanText(text).map(({ rule }) => rule));
    const deepScan = createDeepScan({ salt: "a salt for the tests" }, [secretlint]);
    const together = await measure(CORPUS, async (text) =>
      (await deepScan({ path: "a.txt", content: Buffer.from(text) })).map(({ rule }) => rule),
    );
    const imperfect = [...alone, ...together].filter(({ precision, recall }) => precision < 1 || recall < 1);
    expect(imperfect).toEqual([]);
    expect(total(alone)).toMatchObject({ missed: 0, falseAlarms: 0, precision: 1, recall: 1 });
  });

  it("are of rules for more than 60 kinds of credentials", () => {
    expect(CONTENT_RULES.filter(({ generic }) => generic !== true).length).toBeGreaterThan(120);
  });
});
