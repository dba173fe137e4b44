import type { TaskState } from "@mosaic/domain";
import type { TaskRecord } from "@mosaic/store";
import type { Services } from "../services.ts";

const PAGE = 500;
/** Whoever has just admitted a task is about to queue it: milliseconds it gets for that. */
const ADMITTING_MS = 10_000;
/** A host whose clock is wrong admits tasks at times that were looked at before: all are looked at again this often. */
const WHOLE_MS = 600_000;

/** Which tasks are looked at. */
interface Range {
  readonly states: readonly TaskState[];
  /** Only those that come after this one, oldest first. */
  readonly after?: Pick<TaskRecord, "createdAt" | "taskId"> | undefined;
  /** Only those admitted no later, RFC 3339. */
  readonly until?: string;
}

/**
 * Queues tasks that were admitted and have no entry: whoever admitted them died in between, or could not reach the queue.
 * Answers with how many there were, and with the last task that was looked at.
 */
export async function enqueueForgotten(
  { state, queue }: Pick<Services, "state" | "queue">,
  { states, after, until }: Range,
): Promise<{ readonly enqueued: number; readonly last: Range["after"] }> {
  let last = after;
  let enqueued = 0;
  for (;;) {
    const page = await state.listTasks(states, { limit: PAGE, after: last });
    const due = until === undefined ? page : page.filter(({ createdAt }) => createdAt <= until);
    const missing = new Set(await queue.missing(due.map(({ taskId }) => taskId)));
    const tasks = due.filter(({ taskId }) => missing.has(taskId));
    const agents = await state.getAgents(tasks.map(({ agentId }) => agentId));
    // A kill takes the entry out, and writes the end after that.
    const killed = new Set(agents.flatMap((agent) => (agent.killRequestedAt === null ? [] : [agent.taskId])));
    for (const { taskId, priority } of tasks)
      if (!killed.has(taskId) && (await queue.enqueue({ taskId, priority })) === "added") enqueued += 1;
    last = due.at(-1) ?? last;
    if (due.length < PAGE) return { enqueued, last };
  }
}

/**
 * The same for somebody who looks again and again: nobody who lives would find such tasks otherwise before the next start.
 * Each look goes on where the last one ended, so that a long queue costs nothing.
 */
export function createForgottenSearch(services: Pick<Services, "state" | "queue" | "now">) {
  let last: Range["after"];
  let wholeAt = Number.NEGATIVE_INFINITY;
  return async (): Promise<number> => {
    const now = services.now().getTime();
    const whole = now - wholeAt >= WHOLE_MS;
    const found = await enqueueForgotten(services, {
      states: ["pending"],
      after: whole ? undefined : last,
      until: new Date(now - ADMITTING_MS).toISOString(),
    });
    if (whole) wholeAt = now;
    ({ last } = found);
    return found.enqueued;
  };
}
