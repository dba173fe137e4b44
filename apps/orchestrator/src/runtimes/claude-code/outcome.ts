import { outcomeOfStop, type TurnOutcome } from "@mosaic/contracts";
import type { Turn } from "../port.ts";
import type { Result } from "./messages.ts";

/**
 * How a turn ended. Not `subtype`: a request that failed for good ends it with `success`, and says otherwise in
 * `is_error` (research note on runtimes, section 2).
 */
export function outcomeOf(result: Result, asked: { readonly cancelled: boolean }): Omit<Turn, "requests"> {
  const { subtype } = result;
  const message = result.errors?.join("; ") || result.result;
  const told = (outcome: TurnOutcome): Omit<Turn, "requests"> =>
    message === undefined || message === "" ? { outcome } : { outcome, message };
  if (subtype === "error_max_turns") return told("max_turns");
  if (asked.cancelled && subtype === "error_during_execution") return { outcome: "cancelled" };
  if (result.terminal_reason === "prompt_too_long") return told("context_overflow");
  if (result.is_error || subtype !== "success") {
    const status = result.api_error_status ?? null;
    return { ...told("model_error"), ...(status === null ? {} : { status }) };
  }
  return outcomeOfStop(result.stop_reason ?? "end_turn");
}
