import { TASK_ID_PATTERN } from "@mosaic/domain";
import { InvalidChangeError } from "../store-error.ts";
import { LeaseLostError, type Lease, type QueueEntry, type TaskQueue } from "../task-queue.ts";
import type { Availability } from "./availability.ts";
import type { Operation } from "./library.ts";
import type { RunOperation } from "./run.ts";

export interface TaskQueueParts {
  readonly run: RunOperation;
  readonly availability: Availability;
  /** Milliseconds since the epoch, instead of the server's clock. */
  readonly now: (() => number) | undefined;
  /** This process' own clock: what the times that callers give and get are by. It need not agree with the server's. */
  readonly localNow: () => number;
  readonly epoch: string | undefined;
  readonly newToken: () => string;
}

/** Entries looked for in one step. */
const LOOK_STEP = 500;

/** The queue as BullMQ keeps it. Times cross to the server as spans only, so that a wrong clock of one host does no harm. */
export function createTaskQueue(parts: TaskQueueParts): TaskQueue {
  const { run, availability, now, epoch = "", newToken } = parts;
  const clock = now ?? parts.localNow;
  const call = (operation: Operation, ...args: readonly (string | number)[]): Promise<unknown> =>
    run(operation, [now?.() ?? "", epoch, ...args]);

  async function end(lease: Lease, operation: Operation, argument: string | number): Promise<void> {
    const ended = await call(operation, lease.taskId, lease.token, argument);
    if (ended !== 1) throw new LeaseLostError(lease.taskId);
  }

  return {
    async enqueue(entry) {
      requireValid(entry);
      return (await call("enqueue", entry.taskId, entry.priority)) === 1 ? "added" : "exists";
    },
    async missing(taskIds) {
      const missing: string[] = [];
      for (let from = 0; from < taskIds.length; from += LOOK_STEP)
        missing.push(...((await call("missing", ...taskIds.slice(from, from + LOOK_STEP))) as string[]));
      return missing;
    },
    async claim({ workerId, leaseMs, maxActive, maxPerWorker }) {
      const token = newToken();
      // Taken before it is sent: never later than what the server counts.
      const expiresAt = clock() + leaseMs;
      const claimed = await call("claim", token, workerId, leaseMs, finite(maxActive), finite(maxPerWorker));
      if (claimed === null) return null;
      const [taskId, claims] = claimed as readonly [string, number];
      return { taskId, workerId, token, expiresAt, claims };
    },
    async heartbeat(lease, leaseMs) {
      const expiresAt = clock() + leaseMs;
      const kept = await call("heartbeat", lease.taskId, lease.token, leaseMs);
      return kept === 1 ? { ...lease, expiresAt } : null;
    },
    complete: (lease) => end(lease, "finish", "completed"),
    fail: (lease, retryAt) =>
      retryAt === undefined
        ? end(lease, "finish", "failed")
        : end(lease, "postpone", Math.ceil(retryAt - clock())),
    remove: async (taskId) => (await call("remove", taskId)) === 1,
    release: async (workerId) => Number(await call("release", workerId)),
    async pause() {
      await call("pause");
    },
    async resume() {
      await call("resume");
    },
    async counts() {
      const found = (await call("counts")) as readonly number[];
      const [pending = 0, delayed = 0, active = 0, completed = 0, failed = 0, paused] = found;
      return { pending, delayed, active, completed, failed, paused: paused === 1 };
    },
    async nextDueAt() {
      const inMs = await call("nextDue");
      return inMs === null ? null : clock() + Number(inMs);
    },
    onAvailable: (listener) => availability.add(listener),
  };
}

/** A task id becomes part of keys, and a priority of a score. */
function requireValid({ taskId, priority }: QueueEntry): void {
  if (!TASK_ID_PATTERN.test(taskId))
    throw new InvalidChangeError(`the queue takes no entry ${JSON.stringify(taskId)}: that is not a task id`);
  if (!Number.isInteger(priority) || priority < 1 || priority > 10)
    throw new InvalidChangeError(`the queue takes no priority ${priority} (task ${taskId}): it is 1 to 10`);
}

/** Lua does not know JavaScript's word for infinity. */
function finite(limit: number): number {
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}
