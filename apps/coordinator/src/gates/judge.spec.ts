import { describe, expect, it } from "vitest";
import { countTests } from "./count-tests.ts";
import { judgeLint } from "./judge-lint.ts";
import { judgeTests } from "./judge-tests.ts";

describe("countTests", () => {
  it.each([
    ["node:test, spec reporter", "ℹ tests 3\nℹ suites 0\nℹ pass 2\nℹ fail 0\nℹ skipped 1\nℹ todo 0\n", 2, 1],
    ["node:test, tap reporter", "TAP version 13\n1..0\n# tests 0\n# pass 0\n# skipped 0\n# todo 0\n", 0, 0],
    ["Vitest", " Test Files  1 passed (1)\n      Tests  1 failed | 2 passed | 3 skipped (6)\n", 3, 3],
    ["Vitest without files", "\nNo test files found, exiting with code 0\n", 0, 0],
    ["Jest", "Tests:       1 skipped, 4 passed, 5 total\n", 4, 1],
    ["Jest without tests", "No tests found, exiting with code 0\n", 0, 0],
    ["Mocha", "\n  5 passing (20ms)\n  1 pending\n", 5, 1],
    ["Mocha without tests", "\n  0 passing (1ms)\n", 0, 0],
    ["pytest", "===== 3 passed, 1 skipped, 2 warnings in 0.12s =====\n", 3, 1],
    ["pytest, quiet", "4 passed in 0.05s\n", 4, 0],
    ["pytest, all skipped", "===== 2 skipped in 0.01s =====\n", 0, 2],
    ["pytest without tests", "=== no tests ran in 0.01s ===\n", 0, 0],
    ["unittest", "Ran 3 tests in 0.001s\n\nOK (skipped=1)\n", 2, 1],
    ["go", "ok  \texample.com/a\t0.01s\n?   \texample.com/b\t[no test files]\n", 1, 0],
    ["go without tests", "?   \tx/b\t[no test files]\nok  \tx/c\t0.1s [no tests to run]\n", 0, 0],
    ["go, cached", "ok  \texample.com/a\t(cached)\n", 1, 0],
    [
      "cargo",
      "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured\ntest result: ok. 0 passed; 0 failed; 0 ignored",
      2,
      1,
    ],
    ["TAP's empty plan", "1..0\n", 0, 0],
    ["several runs of a monorepo", "ℹ tests 2\nℹ skipped 0\nx\nℹ tests 5\nℹ skipped 1\n", 6, 1],
  ])("reads %s", (_, output, ran, skipped) => {
    expect(countTests(output)).toEqual({ ran, skipped });
  });

  it("says so when it does not know the runner", () => {
    expect(countTests("all good\n")).toBeNull();
  });

  it.each([
    ["digits", `Tests:  ${"1".repeat(500_000)}`],
    ["blank lines", "\n".repeat(500_000)],
    ["spaces", `ok ${" ".repeat(500_000)}`],
    ["equals signs", "=".repeat(500_000)],
    ["results of cargo", `test result: ${"7 ".repeat(250_000)}`],
  ])("takes linear time on hostile output: %s", (_, output) => {
    expect(countTests(output)?.skipped ?? 0).toBe(0);
    expect(judgeLint(output).outcome).toBe("passed");
  });
});

describe("judgeTests", () => {
  it("passes tests that ran and reports what was skipped", () => {
    expect(judgeTests("ℹ tests 3\nℹ skipped 1\n", {})).toEqual({
      outcome: "passed",
      metrics: { tests: 2, skipped: 1 },
      message: "Passed. 1 skipped.",
    });
  });

  it("fails when no test ran, and when all were skipped", () => {
    expect(judgeTests("ℹ tests 0\n", {}).outcome).toBe("failed");
    expect(judgeTests("ℹ tests 2\nℹ skipped 2\n", {})).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("All 2 tests were skipped"),
    });
  });

  it("warns of what was done to the tests, whatever the outcome", () => {
    const warnings = ["The commit deletes test files: a.test.ts."];
    expect(judgeTests("ℹ tests 1\n", { warnings }).message).toContain(
      "Warning: The commit deletes test files",
    );
    expect(judgeTests("done", { warnings }).message).toContain("a.test.ts");
  });

  it("fails a run without a count when the runner always prints one, or the base branch wants a number", () => {
    expect(judgeTests("done", {}).outcome).toBe("passed");
    expect(judgeTests("done", { counted: true }).outcome).toBe("failed");
    expect(judgeTests("done", { counted: true, minimum: 0 }).outcome).toBe("passed");
    expect(judgeTests("done", { minimum: 3 }).message).toContain("wants 3 tests");
    expect(judgeTests("ℹ tests 2\n", { minimum: 3 })).toMatchObject({
      outcome: "failed",
      metrics: { tests: 2 },
    });
    expect(judgeTests("ℹ tests 3\n", { minimum: 3 }).outcome).toBe("passed");
  });

  it("fails when a test file ended before its tests", () => {
    expect(judgeTests("ℹ tests 2\n", { silent: ["a.test.js"] })).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("a.test.js"),
    });
  });
});

describe("judgeLint", () => {
  it.each([
    ["ESLint", "✖ 2 problems (0 errors, 2 warnings)", 2],
    ["oxlint", "Found 3 warnings and 0 errors.", 3],
    ["Biome", "Checked 3 files in 2ms.\nFound 1 warning.", 1],
  ])("fails on warnings of %s", (_, output, warnings) => {
    expect(judgeLint(output)).toMatchObject({ outcome: "failed", metrics: { warnings } });
  });

  it("passes without", () => {
    expect(judgeLint("Found 0 warnings and 0 errors.").outcome).toBe("passed");
    expect(judgeLint("").outcome).toBe("passed");
  });
});
