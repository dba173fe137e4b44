import type { AgentRecord, InstanceRecord } from "@mosaic/store";
import type { Services } from "../services.ts";

type OwnerServices = Pick<Services, "instances" | "instanceId" | "registry">;

/**
 * The other orchestrator that runs an agent, or ran it when it was lost; null when it is this one's or nobody's. One that
 * ended in order, or was given up, is on no list any more: what it had is anybody's.
 */
export async function otherOwner(
  { instances, instanceId, registry }: OwnerServices,
  agent: Pick<AgentRecord, "agentId" | "owner">,
): Promise<InstanceRecord | null> {
  const { owner } = agent;
  if (owner === null || owner === instanceId || registry.get(agent.agentId) !== undefined) return null;
  return (await instances.list()).find((instance) => instance.instanceId === owner) ?? null;
}

/** What was to be done with an agent is its own orchestrator's to do. */
export class AgentElsewhereError extends Error {
  readonly agent: AgentRecord;
  readonly owner: InstanceRecord;

  constructor(agent: AgentRecord, owner: InstanceRecord) {
    super(`agent ${agent.agentId} is with ${nameOf(owner)}`);
    this.name = "AgentElsewhereError";
    this.agent = agent;
    this.owner = owner;
  }
}

/** For what nobody but the orchestrator that runs an agent can do. @throws AgentElsewhereError */
export async function requireOurs(services: OwnerServices, agent: AgentRecord): Promise<void> {
  const owner = await otherOwner(services, agent);
  if (owner !== null) throw new AgentElsewhereError(agent, owner);
}

/** An orchestrator as people are told of it. */
export function nameOf({ instanceId, host, url, alive, heartbeatAt }: InstanceRecord): string {
  const state = alive ? "alive" : `silent since ${heartbeatAt}`;
  return `orchestrator ${instanceId.slice(0, 8)} on ${host} (${url}, ${state})`;
}

/** Ids of the other orchestrators that are known of, those that were lost included. */
export async function otherInstances({
  instances,
  instanceId,
}: Pick<Services, "instances" | "instanceId">): Promise<ReadonlySet<string>> {
  const all = await instances.list();
  return new Set(all.map((instance) => instance.instanceId).filter((id) => id !== instanceId));
}
