import { expect, test } from "vitest";
import { outcomeOfStop } from "./stop-reason.ts";

test.each([
  ["end_turn", "done"],
  ["stop_sequence", "done"],
  ["tool_use", "max_turns"],
  ["pause_turn", "max_turns"],
  ["max_tokens", "max_tokens"],
  ["refusal", "refusal"],
  ["model_context_window_exceeded", "context_overflow"],
  ["something_new", "unknown_stop"],
])("the stop reason %s is %s", (reason, outcome) => expect(outcomeOfStop(reason).outcome).toBe(outcome));
