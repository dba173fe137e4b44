import { ProblemError } from "@mosaic/contracts";
import { nameOf, otherOwner } from "../instances/owner.ts";
import type { Services } from "../services.ts";
import type { AgentRecord, StateStore, TaskRecord } from "@mosaic/store";

interface Found {
  readonly agent: AgentRecord;
  readonly task: TaskRecord;
}

/** @throws ProblemError agent_not_found */
export async function findAgent(state: StateStore, agentId: string): Promise<Found> {
  const agent = await state.getAgent(agentId);
  const task = agent === null ? null : await state.getTask(agent.taskId);
  if (agent === null || task === null) throw notFound(agentId);
  return { agent, task };
}

/** @throws ProblemError agent_not_found, ambiguous_id */
export async function findAgentByPrefix(state: StateStore, prefix: string): Promise<Found> {
  const ids = await state.findAgents(prefix, 5);
  const [first] = ids;
  if (first === undefined) throw notFound(prefix);
  if (ids.length > 1 && !ids.includes(prefix)) {
    throw new ProblemError("ambiguous_id", `'${prefix}' fits more than one agent: ${ids.join(", ")}`);
  }
  return findAgent(state, ids.includes(prefix) ? prefix : first);
}

/**
 * For what lies on the disk of the orchestrator that ran the agent.
 * @throws ProblemError agent_elsewhere, naming where to ask
 */
export async function requireHere(
  services: Pick<Services, "instances" | "instanceId" | "registry">,
  agent: AgentRecord,
): Promise<void> {
  const owner = await otherOwner(services, agent);
  if (owner === null) return;
  throw new ProblemError(
    "agent_elsewhere",
    `the files of agent ${agent.agentId} are with ${nameOf(owner)}; ask there`,
  );
}

function notFound(id: string): ProblemError {
  return new ProblemError("agent_not_found", `there is no agent '${id}'; GET /agents lists what there is`);
}
