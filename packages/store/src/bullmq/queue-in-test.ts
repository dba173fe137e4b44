import type { Redis } from "ioredis";
import { StoreUnavailableError } from "../store-error.ts";
import type { Lease, TaskQueue } from "../task-queue.ts";
import { connect } from "../valkey/connect.ts";
import { createBullQueue, type BullQueueOptions } from "./open.ts";

/** A queue on a connection of its own, as one process has it. */
export interface QueueInTest {
  readonly queue: TaskQueue;
  readonly connection: Redis;
  /** What `onListenerError` was told. */
  readonly errors: readonly unknown[];
  /** The next entry, with limits that do not matter. */
  readonly claim: (workerId?: string, leaseMs?: number) => Promise<Lease | null>;
  close(): Promise<void>;
}

type Options = Partial<Omit<BullQueueOptions, "link">> & { readonly timeoutMs?: number };

/** Opens it on a link that is given up after `timeoutMs` milliseconds of silence. */
export async function openQueue(
  url: string,
  { timeoutMs = 10_000, ...options }: Options = {},
): Promise<QueueInTest> {
  const link = await connect({ url, timeoutMs });
  const errors: unknown[] = [];
  const opened = await createBullQueue({ link, onListenerError: (error) => errors.push(error), ...options });
  return {
    queue: opened.queue,
    connection: link.redis,
    errors,
    claim: (workerId = "w1", leaseMs = 60_000) =>
      opened.queue.claim({ workerId, leaseMs, maxActive: 1000, maxPerWorker: 1000 }),
    async close() {
      await opened.close();
      await link.close();
    },
  };
}

/** Claims until there is something to claim. */
export async function claimed(from: QueueInTest, workerId = "w1", leaseMs = 60_000): Promise<Lease> {
  for (;;) {
    const lease = await from.claim(workerId, leaseMs);
    if (lease !== null) return lease;
  }
}

/** Claims and completes whatever is due; gives the tasks in the order they came. */
export async function drained({ queue, claim }: QueueInTest): Promise<readonly string[]> {
  const order: string[] = [];
  for (let lease = await claim(); lease !== null; lease = await claim()) {
    order.push(lease.taskId);
    await queue.complete(lease);
  }
  return order;
}

/** Tries until the link is there again. */
export async function reached<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
