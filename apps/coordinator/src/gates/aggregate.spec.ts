import type { Verdict } from "@mosaic/contracts";
import { describe, expect, it } from "vitest";
import { aggregate } from "./aggregate.ts";

const COMMIT = "a".repeat(40);
const verdict = (gate: Verdict["gate"], outcome: Verdict["outcome"]): Verdict => ({
  gate,
  outcome,
  commit: COMMIT,
  command: null,
  exitCode: null,
  durationMs: 0,
  message: `${gate} says ${outcome}`,
  output: "",
});
const response = (verdicts: Verdict[], yolo = false) =>
  aggregate({
    request: { commit: COMMIT, phase: "pre-commit", profile: "standard" },
    verdicts,
    yolo,
    startedAt: 0,
    durationMs: 1,
    toolchain: {},
  });

describe("aggregate", () => {
  it("approves when every gate passed or is skipped by the base branch, and says which", () => {
    expect(response([verdict("tests", "passed"), verdict("lint", "skipped")])).toMatchObject({
      approved: true,
      gate: "pre-commit",
      message: "Passed: tests. Skipped by the base branch: lint.",
    });
  });

  it.each(["failed", "missing", "error", "timeout"] as const)("rejects when one gate is '%s'", (outcome) => {
    const answer = response([
      verdict("typecheck", "passed"),
      verdict("lint", outcome),
      verdict("tests", "failed"),
    ]);
    expect(answer).toMatchObject({ approved: false, gate: "lint" });
    expect(answer.message).toContain(`lint (${outcome}): lint says ${outcome}`);
    expect(answer.message).toContain("tests (failed)");
  });

  it("approves a phase in which the profile has no gate, and says so", () => {
    expect(response([])).toMatchObject({ approved: true, message: expect.stringContaining("no gate") });
  });

  it("marks an approval without a check", () => {
    expect(response([], true)).toMatchObject({
      approved: true,
      message: expect.stringContaining("YOLO_MODE"),
      details: { yolo: true, verdicts: [] },
    });
  });
});
