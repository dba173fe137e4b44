import { ProblemError } from "@mosaic/contracts";
import type { InstanceRecord } from "@mosaic/store";
import type { Kill } from "../killswitch/kill.ts";
import { livingAgents, TAKEN } from "../killswitch/living-agents.ts";
import type { KillOrder } from "../killswitch/order.ts";
import type { Services } from "../services.ts";
import { nameOf } from "./owner.ts";

/**
 * Gives up an orchestrator that will not come back (its machine is gone). Its tasks are due at once, what it had reserved
 * is counted as spent, and agents whose kill it could not confirm are written as killed: an admin answers for it that
 * nothing of them runs any more.
 * @returns ids of the agents that were killed
 * @throws ProblemError orchestrator_not_found, orchestrator_alive
 */
export async function forgetOrchestrator(
  services: Services,
  kill: Kill,
  { instanceId, order }: { readonly instanceId: string; readonly order: KillOrder },
): Promise<readonly string[]> {
  const found = (await services.instances.list()).find((instance) => instance.instanceId === instanceId);
  if (found === undefined)
    throw new ProblemError(
      "orchestrator_not_found",
      `there is no orchestrator ${instanceId}; GET /orchestrators lists them`,
    );
  if (found.alive)
    throw new ProblemError(
      "orchestrator_alive",
      `${nameOf(found)} is alive; stop it instead, and it takes itself off the list`,
    );
  return await giveUp(services, kill, { instance: found, order });
}

/**
 * Takes an orchestrator off the list that is not there any more, and makes whole what only it could have.
 * @returns ids of the agents that were killed
 */
export async function giveUp(
  services: Services,
  kill: Kill,
  { instance, order }: { readonly instance: InstanceRecord; readonly order: KillOrder },
): Promise<readonly string[]> {
  const { instances, queue, usage, audit, now } = services;
  const { instanceId, host, url, heartbeatAt } = instance;
  const at = now().toISOString();
  await instances.remove(instanceId);
  const released = await queue.release(instanceId);
  const settled = await usage.settleAbandoned(instanceId, at);
  const killed = await killOrdered(services, kill, { instanceId, order });
  await audit.append({
    at,
    actor: order.by,
    action: "orchestrator.forget",
    subject: instanceId,
    reason: order.why,
    data: { host, url, heartbeatAt, released, settled, killed: [...killed] },
  });
  return killed;
}

async function killOrdered(
  { state }: Services,
  kill: Kill,
  { instanceId, order }: { readonly instanceId: string; readonly order: KillOrder },
): Promise<readonly string[]> {
  const killed: string[] = [];
  const why = `${order.why} (its orchestrator was given up)`;
  for await (const { agentId, owner, killRequestedAt } of livingAgents(state, TAKEN)) {
    if (owner !== instanceId || killRequestedAt === null) continue;
    const { status } = await kill(agentId, { by: order.by, why });
    if (status === "killed") killed.push(agentId);
  }
  return killed;
}
