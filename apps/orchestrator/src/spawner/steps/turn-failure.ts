import { AttemptFailure, type FailureReason } from "@mosaic/domain";
import type { TurnOutcome } from "@mosaic/contracts";
import type { ModelRefusal } from "../../gateway/port.ts";
import type { Turn } from "../../runtimes/port.ts";

type Ended = Exclude<TurnOutcome, "done">;

/** How a turn that did not end by itself ends the attempt; `model_error` depends on what the API said. */
const FAILURE: Readonly<Record<Exclude<Ended, "model_error">, FailureReason>> = {
  cancelled: "runtime",
  max_turns: "max_turns",
  max_tokens: "output_limit",
  refusal: "refused",
  context_overflow: "context_overflow",
  unknown_stop: "model_protocol",
};

/** Refusals that the same request may not meet again, although they are 4xx. */
const PASSING_STATUS = new Set([408, 409, 429]);

/**
 * Why an attempt fails whose turn ended with `turn.outcome`. What the gateway refused itself counts before what the
 * agent's process says about it: that one is not trusted.
 */
export function turnFailure(turn: Turn & { outcome: Ended }, refusal: ModelRefusal | null): AttemptFailure {
  const said = `the agent's turn ended with ${turn.outcome} after ${turn.requests} model requests`;
  const message = turn.message === undefined ? said : `${said}: ${turn.message}`;
  if (turn.outcome === "cancelled")
    return new AttemptFailure("runtime", "the agent's turn was cancelled from inside");
  if (turn.outcome !== "model_error") return new AttemptFailure(FAILURE[turn.outcome], message);
  if (refusal !== null)
    return new AttemptFailure(refusal.kind === "budget" ? "budget" : "model_auth", refusal.message);
  const { status } = turn;
  const lasting = status !== undefined && status >= 400 && status < 500 && !PASSING_STATUS.has(status);
  return new AttemptFailure(lasting ? "model_protocol" : "model", message);
}
