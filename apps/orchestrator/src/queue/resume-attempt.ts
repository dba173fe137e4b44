import { isAgentTerminal } from "@mosaic/domain";
import type { Lease } from "@mosaic/store";
import type { Services } from "../services.ts";
import { StopSignal } from "../spawner/registry.ts";

/**
 * After a suspend, or a store that was away, the lease of a task that is at work here may have run out and is claimed anew:
 * its attempt goes on with the new claim. But only that very attempt: when somebody else took the task over meanwhile and
 * the claim is its retry's, what still runs here of the former one is told to stop, and must write nothing more.
 * @returns whether an attempt goes on under the claim
 */
export async function resumeAttempt(
  { registry, state }: Pick<Services, "registry" | "state">,
  lease: Lease,
): Promise<boolean> {
  const running = registry.all().filter(({ taskId }) => taskId === lease.taskId);
  if (running.length === 0) return false;
  const task = await state.getTask(lease.taskId);
  const agent = task === null ? null : await state.getAgent(task.agentId);
  const goesOn = agent === null || isAgentTerminal(agent.state) ? null : agent.agentId;
  let resumed = false;
  for (const attempt of running) {
    if (attempt.agentId === goesOn && attempt.lease?.adopt(lease) === true) resumed = true;
    else attempt.stop.abort(new StopSignal("lease_lost"));
  }
  return resumed;
}
