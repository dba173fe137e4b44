import { CancelResponse, ProblemError } from "@mosaic/contracts";
import type { Cancel } from "../killswitch/cancel.ts";
import type { KillOrder } from "../killswitch/order.ts";
import type { Services } from "../services.ts";
import { readAnswer } from "./answer.ts";
import { ask } from "./ask.ts";
import { AgentElsewhereError, nameOf } from "./owner.ts";

/** Beside the grace, in milliseconds: the kill of what does not stop in it. */
const BEYOND_GRACE_MS = 15_000;

/**
 * A cancel wherever the agent runs.
 * @throws ProblemError agent_not_found, illegal_transition, orchestrator_silent when its orchestrator does not answer
 */
export function routeCancel(services: Services, cancel: Cancel): Cancel {
  return async (agentId, order) => {
    try {
      return await cancel(agentId, order);
    } catch (error) {
      if (!(error instanceof AgentElsewhereError)) throw error;
      return await send(services, error, order);
    }
  };
}

async function send(
  services: Services,
  { agent, owner }: AgentElsewhereError,
  order: KillOrder,
): Promise<CancelResponse> {
  const sent = { kind: "cancel" as const, agentId: agent.agentId, by: order.by, why: order.why };
  const ms = services.settings.cancelGraceMs + BEYOND_GRACE_MS;
  const answers = await ask(services, sent, { to: [owner], ms });
  const done = readAnswer(CancelResponse, answers.get(owner.instanceId));
  if (done !== null) return done;
  throw new ProblemError(
    "orchestrator_silent",
    `${nameOf(owner)} did not answer; it cancels the agent when it is back. A kill keeps the task from going on elsewhere, too`,
  );
}
