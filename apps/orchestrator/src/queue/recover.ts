import type { Services } from "../services.ts";

/**
 * What a start owes to the process before it: its leases are void, tasks that were admitted and never queued are
 * queued, and workspaces of agents that have ended are cleaned up. Attempts that were cut off are ended by the next
 * claim of their task.
 */
export async function recover(
  services: Services,
): Promise<{ readonly released: number; readonly enqueued: number }> {
  const { state, queue, instanceId, log } = services;
  const released = await queue.release(instanceId);
  const enqueued = await enqueueForgotten(services);
  const unfinished = await state.listTasks(["assigned", "executing"]);
  for (const task of unfinished) await queue.enqueue({ taskId: task.taskId, priority: task.priority });
  if (released + enqueued + unfinished.length > 0) {
    log.info({ released, enqueued, unfinished: unfinished.length }, "took up what the last process left");
  }
  return { released, enqueued };
}

/** Queues tasks that are `pending` and have no entry: the process died between the two steps. */
export async function enqueueForgotten(services: Pick<Services, "state" | "queue">): Promise<number> {
  let enqueued = 0;
  for (const task of await services.state.listTasks(["pending"])) {
    const outcome = await services.queue.enqueue({ taskId: task.taskId, priority: task.priority });
    if (outcome === "added") enqueued += 1;
  }
  return enqueued;
}
