import { AttemptFailure, type FailureReason } from "@mosaic/domain";
import type { TurnOutcome } from "@mosaic/contracts";
import type { Session } from "../../runtimes/port.ts";
import { type AttemptContext, assertGoing, enter } from "../context.ts";

/** How a turn that did not end by itself ends the attempt. */
const FAILURE: Readonly<Record<Exclude<TurnOutcome, "done" | "cancelled">, FailureReason>> = {
  max_turns: "max_turns",
  max_tokens: "output_limit",
  refusal: "refused",
  context_overflow: "model",
  model_error: "model",
};

/** One prompt and everything the agent does until it ends its turn. */
export async function takeTurn(
  context: AttemptContext,
  session: Session,
  request: { readonly prompt: string; readonly turn: number },
): Promise<void> {
  if (request.turn > 1) await enter(context, "agent");
  context.transcript.prompt(request.turn, request.prompt);
  const turn = await session.prompt(
    request.prompt,
    (event) => context.transcript.session(event),
    context.signal,
  );
  await context.transcript.flush();
  assertGoing(context);
  if (turn.outcome === "done") return;
  if (turn.outcome === "cancelled")
    throw new AttemptFailure("runtime", "the agent's turn was cancelled from inside");
  throw new AttemptFailure(
    FAILURE[turn.outcome],
    `the agent's turn ended with ${turn.outcome} after ${turn.requests} model requests${turn.message ? `: ${turn.message}` : ""}`,
  );
}
