import { describe, expect, test } from "vitest";
import type { Result } from "./messages.ts";
import { outcomeOf } from "./outcome.ts";

const result = (fields: Partial<Result> = {}): Result => ({
  type: "result",
  subtype: "success",
  is_error: false,
  result: "words",
  stop_reason: "end_turn",
  ...fields,
});

describe("a result", () => {
  test.each<[string, Partial<Result>, object]>([
    ["that is good", {}, { outcome: "done" }],
    ["of no stop reason", { stop_reason: null }, { outcome: "done" }],
    [
      "that says success and is an error",
      { is_error: true, api_error_status: 529, result: "Overloaded" },
      { outcome: "model_error", status: 529, message: "Overloaded" },
    ],
    [
      "of a request that never had an answer",
      { is_error: true, api_error_status: null, result: "Connection lost" },
      { outcome: "model_error", message: "Connection lost" },
    ],
    [
      "of an error nobody explains",
      { subtype: "error_during_execution", is_error: true, errors: ["it broke"] },
      { outcome: "model_error", message: "it broke" },
    ],
    [
      "that says error and is none",
      { subtype: "error_from_the_future", result: "odd" },
      { outcome: "model_error", message: "odd" },
    ],
    [
      "of too many turns",
      { subtype: "error_max_turns", is_error: true, errors: ["20 turns"] },
      { outcome: "max_turns", message: "20 turns" },
    ],
    [
      "of a conversation that is too long",
      { is_error: true, terminal_reason: "prompt_too_long", result: "Prompt is too long" },
      { outcome: "context_overflow", message: "Prompt is too long" },
    ],
    ["of an answer that was cut off", { stop_reason: "max_tokens" }, { outcome: "max_tokens" }],
    ["of a refusal", { stop_reason: "refusal" }, { outcome: "refusal" }],
    ["of a full context", { stop_reason: "model_context_window_exceeded" }, { outcome: "context_overflow" }],
    ["of a stop nobody knows", { stop_reason: "new" }, { outcome: "unknown_stop" }],
  ])("%s", (_, fields, turn) => {
    expect(outcomeOf(result(fields), { cancelled: false })).toMatchObject(turn);
  });

  test("of a turn that was asked to stop is its end, unless it had ended before", () => {
    const stopped = result({ subtype: "error_during_execution", is_error: true, errors: ["aborted"] });
    expect(outcomeOf(stopped, { cancelled: true })).toEqual({ outcome: "cancelled" });
    expect(outcomeOf(result(), { cancelled: true })).toEqual({ outcome: "done" });
  });
});
