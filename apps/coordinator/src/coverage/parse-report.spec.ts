import { describe, expect, it } from "vitest";
import { parseReport } from "./parse-report.ts";

const LCOV = `TN:
SF:src/a.ts
DA:1,1
DA:2,0
DA:2,3
DA:3,0
LF:3
LH:2
end_of_record
SF:src/b.ts
LF:4
LH:1
end_of_record
`;

const FINAL = {
  "/tree/a.ts": {
    statementMap: {
      0: { start: { line: 1 }, end: { line: 1 } },
      1: { start: { line: 1 }, end: { line: 1 } },
      2: { start: { line: 2 }, end: { line: 2 } },
    },
    s: { 0: 0, 1: 4, 2: 0 },
  },
};

const COBERTURA_LINES = `<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://x/y.dtd">
<coverage line-rate="0.5"><packages><package><classes>
<class name="A"><methods><method name="m"><lines><line number="1" hits="9"/></lines></method></methods>
<lines><line number="1" hits="2"/><line number="2" hits="0"/></lines></class>
<class name="B"><methods/><lines><line hits='1' number='7' /></lines></class>
</classes></package></packages></coverage>`;

const GO = `mode: set
example.com/m/a.go:3.20,5.2 2 1
example.com/m/a.go:7.20,9.2 3 0
example.com/m/a.go:7.20,9.2 3 1
example.com/m/b.go:1.1,2.2 5 0
`;

describe("parseReport", () => {
  it.each([
    ["lcov, by its lines where it has them", LCOV, { covered: 3, total: 7 }],
    [
      "istanbul's summary",
      JSON.stringify({ total: { lines: { total: 10, covered: 9, skipped: 0, pct: 90 } } }),
      { covered: 9, total: 10 },
    ],
    ["istanbul's full report, by lines", JSON.stringify(FINAL), { covered: 1, total: 2 }],
    [
      "coverage.py's JSON",
      JSON.stringify({ meta: {}, totals: { covered_lines: 5, num_statements: 8 } }),
      { covered: 5, total: 8 },
    ],
    [
      "Cobertura's own totals",
      '<coverage lines-valid="20" lines-covered="17" line-rate="0.85"></coverage>',
      { covered: 17, total: 20 },
    ],
    ["Cobertura's lines, not those of methods again", COBERTURA_LINES, { covered: 2, total: 3 }],
    ["a Go cover profile, each block once", GO, { covered: 5, total: 10 }],
    ["an empty Go cover profile as no lines", "mode: set\n", { covered: 0, total: 0 }],
  ])("reads %s", (_, text, lines) => {
    expect(parseReport(text)).toEqual(lines);
  });

  it.each([
    ["nothing", ""],
    ["prose", "All files | 100 %"],
    ["JSON of another kind", '{"lines":{"pct":100}}'],
    ["an istanbul report of no file", "{}"],
    ["an istanbul report with broken counts", '{"a":{"statementMap":{"0":{"start":{"line":1}}},"s":{}}}'],
    ["more covered than there is", '{"total":{"lines":{"total":1,"covered":2}}}'],
    ["negative counts", '{"totals":{"covered_lines":-2,"num_statements":-1}}'],
    ["counts that are no whole numbers", '{"total":{"lines":{"total":1e999,"covered":1}}}'],
    ["a cut Go profile", "mode: set\nexample.com/m/a.go:3.20,5"],
    ["a Cobertura report without lines", "<coverage></coverage>"],
  ])("is not taken in by %s", (_, text) => {
    expect(parseReport(text)).toBeNull();
  });

  it.each([
    ["unclosed classes", "<coverage>" + "<class>".repeat(200_000)],
    ["tags without an end", "<coverage>" + "<line ".repeat(200_000)],
    ["lcov records without an end", "SF:a\n".repeat(200_000)],
    ["blank lines after a record", `SF:a\nend_of_record${"\n".repeat(500_000)}x`],
    ["a Go line of colons", `mode: set\n${":1".repeat(300_000)}`],
  ])("reads hostile text in linear time: %s", (_, text) => {
    expect(parseReport(text)?.covered ?? 0).toBe(0);
  });
});
