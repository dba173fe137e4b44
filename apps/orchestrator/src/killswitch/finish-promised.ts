import { EVENT_DATA } from "@mosaic/contracts";
import type { AgentRecord } from "@mosaic/store";
import type { Services } from "../services.ts";
import { AgentElsewhereError } from "../instances/owner.ts";
import type { Kill } from "./kill.ts";
import { livingAgents } from "./living-agents.ts";
import type { KillOrder } from "./order.ts";

/**
 * A kill that was ordered and that a former process did not live to finish is finished now: whoever ordered it was
 * promised. Never throws.
 */
export async function finishPromisedKills(services: Services, kill: Kill): Promise<void> {
  const agents: AgentRecord[] = [];
  try {
    for await (const agent of livingAgents(services.state))
      if (agent.killRequestedAt !== null) agents.push(agent);
  } catch (error) {
    services.log.error({ err: error }, "kills that were promised could not be looked for");
    return;
  }
  await Promise.all(
    agents.map(async ({ agentId }) => {
      try {
        await kill(agentId, await orderOf(services, agentId));
      } catch (error) {
        // Promised by somebody else, who is told of it when that one is back.
        if (error instanceof AgentElsewhereError) return;
        services.log.error({ agentId, err: error }, "a kill that was promised could not be finished");
      }
    }),
  );
}

async function orderOf(services: Services, agentId: string): Promise<KillOrder> {
  const orders = await services.state.eventsAfter({
    after: 0,
    limit: 1,
    subject: agentId,
    types: ["agent.kill_requested"],
  });
  const order = EVENT_DATA["agent.kill_requested"].safeParse(orders[0]?.data);
  return order.success ? order.data : { by: "boot", why: "ordered before the last process ended" };
}
