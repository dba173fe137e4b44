import { isRetryable } from "@mosaic/domain";
import { describe, expect, it } from "vitest";
import { turnFailure } from "./turn-failure.ts";

const ended = (outcome: Parameters<typeof turnFailure>[0]["outcome"], status?: number) => ({
  outcome,
  requests: 3,
  message: "why",
  ...(status === undefined ? {} : { status }),
});

describe("a turn that did not end by itself", () => {
  it.each([
    [ended("max_turns"), "max_turns", false],
    [ended("max_tokens"), "output_limit", false],
    [ended("refusal"), "refused", false],
    [ended("context_overflow", 400), "context_overflow", false],
    [ended("unknown_stop"), "model_protocol", false],
    [ended("model_error", 400), "model_protocol", false],
    [ended("model_error", 404), "model_protocol", false],
    [ended("model_error", 413), "model_protocol", false],
    [ended("model_error", 408), "model", true],
    [ended("model_error", 429), "model", true],
    [ended("model_error", 500), "model", true],
    [ended("model_error", 529), "model", true],
    [ended("model_error"), "model", true],
    [ended("cancelled"), "runtime", true],
  ])("%o ends the attempt as %s (again: %s)", (turn, reason, again) => {
    const failure = turnFailure(turn, null);
    expect(failure.reason).toBe(reason);
    expect(isRetryable(failure.reason)).toBe(again);
  });

  it.each([
    ["budget", "budget"],
    ["account", "model_auth"],
  ] as const)("after the gateway's refusal (%s) ends as %s, in the gateway's words", (kind, reason) => {
    const failure = turnFailure(ended("model_error", 403), { kind, message: "the gateway's words" });
    expect(failure).toMatchObject({ reason, message: "the gateway's words" });
    expect(isRetryable(failure.reason)).toBe(false);
  });

  it("keeps its own reason when an earlier refusal did not end it", () => {
    const failure = turnFailure(ended("max_turns"), { kind: "budget", message: "used up" });
    expect(failure.reason).toBe("max_turns");
  });
});
