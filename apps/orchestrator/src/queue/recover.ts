import { isTaskTerminal, TASK_STATES } from "@mosaic/domain";
import type { Workspace } from "../git/port.ts";
import type { Services } from "../services.ts";
import { recordCleanUp } from "../spawner/clean-up.ts";
import { enqueueForgotten } from "./enqueue-forgotten.ts";

const UNFINISHED = TASK_STATES.filter((state) => !isTaskTerminal(state));

/**
 * What a start owes to the process before it, before it claims anything: leases of that process are void, tasks that
 * were admitted and never queued are queued, and what it left half-made on disk is removed. Attempts that were cut off
 * are ended by the next claim of their task. Answers with the workspaces of dead agents, which `cleanLeftovers` saves
 * and removes while this process already works.
 */
export async function recover(services: Services): Promise<readonly Workspace[]> {
  const { queue, instanceId, workspaces, log } = services;
  const swept = (await workspaces.sweep()).filter((step) => !step.ok);
  if (swept.length > 0) log.error({ swept }, "what the last process left half-made could not all be removed");
  services.reach("recover.swept");
  const released = await queue.release(instanceId);
  services.reach("recover.released");
  const { enqueued } = await enqueueForgotten(services, { states: UNFINISHED });
  services.reach("recover.queued");
  const leftovers = await workspaces.leftovers();
  if (released + enqueued + leftovers.length > 0) {
    log.info({ released, enqueued, workspaces: leftovers.length }, "took up what the last process left");
  }
  return leftovers;
}

/** Salvages and removes the workspaces of agents that died with a former process. Never throws. */
export async function cleanLeftovers(services: Services, leftovers: readonly Workspace[]): Promise<void> {
  for (const workspace of leftovers) {
    const steps = await services.workspaces.remove(workspace);
    services.reach("recover.cleaned");
    await recordCleanUp(services, workspace, steps);
  }
}
