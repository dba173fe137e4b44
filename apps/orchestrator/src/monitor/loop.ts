import { createHash } from "node:crypto";
import type { SessionEvent } from "../runtimes/port.ts";

/** How often the newest calls repeat what came just before them. */
export interface LoopDetector {
  /** Answers with the repetitions so far, counted when a result is in: the first time is 1. */
  saw(event: SessionEvent): number;
}

/** Longest cycle that is recognised: reading and writing in turns is three calls at most. */
const LONGEST_CYCLE = 3;

/**
 * Counts repetitions of the same call with the same result, and of cycles of up to three such calls. Another result is
 * progress, whatever the call.
 * @param limit how many repetitions anybody asks for; older calls are forgotten
 */
export function createLoopDetector(limit: number): LoopDetector {
  const calls = new Map<string, string>();
  let history: string[] = [];
  return {
    saw(event) {
      if (event.type === "tool_call") {
        calls.set(event.callId, JSON.stringify([event.name, event.input]));
        return 0;
      }
      if (event.type !== "tool_result") return 0;
      const call = calls.get(event.callId) ?? "";
      calls.delete(event.callId);
      const seen = createHash("sha256").update(call).update("\0").update(event.output).digest("base64");
      history = [...history, seen].slice(-limit * LONGEST_CYCLE);
      return repetitions(history);
    },
  };
}

function repetitions(history: readonly string[]): number {
  let most = 0;
  for (let cycle = 1; cycle <= LONGEST_CYCLE; cycle += 1) {
    let same = 0;
    for (
      let index = history.length - 1;
      index >= cycle && history[index] === history[index - cycle];
      index -= 1
    )
      same += 1;
    // Whole cycles: the one that is repeated, and its repetitions.
    most = Math.max(most, same === 0 ? 1 : Math.floor(same / cycle) + 1);
  }
  return most;
}
