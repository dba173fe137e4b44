import type { Services } from "../services.ts";

/**
 * Queues tasks that were admitted and have no entry: whoever admitted them died in between, or could not reach the queue.
 * Nobody who lives would look at them otherwise before the next start. Answers with how many there were.
 */
export async function enqueueForgotten({ state, queue }: Pick<Services, "state" | "queue">): Promise<number> {
  const { pending, delayed, active } = await queue.counts();
  const unfinished = await state.listTasks(["pending", "assigned", "executing"]);
  if (unfinished.length <= pending + delayed + active) return 0;
  let enqueued = 0;
  for (const { taskId, agentId, priority } of unfinished.filter(({ state: at }) => at === "pending")) {
    // A kill takes the entry out, and writes the end after that.
    if ((await state.getAgent(agentId))?.killRequestedAt !== null) continue;
    if ((await queue.enqueue({ taskId, priority })) === "added") enqueued += 1;
  }
  return enqueued;
}
