import type { Session } from "../../runtimes/port.ts";
import { type AttemptContext, assertGoing, enter } from "../context.ts";
import { turnFailure } from "./turn-failure.ts";

/** One prompt and everything the agent does until it ends its turn. */
export async function takeTurn(
  context: AttemptContext,
  session: Session,
  request: { readonly prompt: string; readonly turn: number },
): Promise<void> {
  if (request.turn > 1) await enter(context, "agent");
  context.transcript.prompt(request.turn, request.prompt);
  context.services.reach("turn.prompted");
  const turn = await context.monitor.turn((saw) =>
    session.prompt(
      request.prompt,
      (event) => {
        saw(event);
        context.transcript.session(event);
      },
      context.signal,
    ),
  );
  await context.transcript.flush();
  context.services.reach("turn.ended");
  assertGoing(context);
  if (turn.outcome === "done") return;
  throw turnFailure({ ...turn, outcome: turn.outcome }, context.execution.door?.finalRefusal() ?? null);
}
