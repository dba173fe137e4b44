import type { TurnOutcome } from "./worker.ts";

/** What a turn's last stop reason means. A reason that this version does not know is an error, never a success. */
export function outcomeOfStop(stopReason: string): {
  readonly outcome: TurnOutcome;
  readonly message?: string;
} {
  switch (stopReason) {
    case "end_turn":
    case "stop_sequence":
      return { outcome: "done" };
    // A runner goes on after these by itself; it stopped because its requests were used up.
    case "tool_use":
    case "pause_turn":
    case "compaction":
      return {
        outcome: "max_turns",
        message: "the model had not ended its turn when its requests were used up",
      };
    case "max_tokens":
      return { outcome: "max_tokens", message: "the model's answer reached its token limit" };
    case "refusal":
      return { outcome: "refusal", message: "the model refused to go on" };
    case "model_context_window_exceeded":
      return { outcome: "context_overflow", message: "the conversation no longer fits the model's context" };
    default:
      return { outcome: "unknown_stop", message: `the model stopped for an unknown reason: ${stopReason}` };
  }
}
