import { createFakeClock, seededRandom, sqliteEngine, startValkey, type ValkeyInTest } from "@mosaic/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LeaseLostError, type Lease, type TaskQueue } from "../task-queue.ts";
import { openQueue } from "./queue-in-test.ts";

const ALL = Array.from({ length: 25 }, (_, index) => `t${index}`);
const STEPS = 600;

let valkey: ValkeyInTest;

beforeAll(async () => {
  valkey = await startValkey({ durable: false });
});
afterAll(() => valkey.close());

type Pair<T> = readonly [sqlite: T, bull: T];

/** What a call came to, without what may differ: the tokens. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    const answer = (await call) as Partial<Lease> | undefined;
    return typeof answer === "object" && answer !== null ? { ...answer, token: null } : answer;
  } catch (error) {
    if (error instanceof LeaseLostError) return `lost ${error.taskId}`;
    throw error;
  }
}

for (const seed of [1, 2, 3, 4])
  it(`answers whatever it is asked as the queue in SQLite does (${seed})`, async () => {
    const clock = createFakeClock();
    const engine = await sqliteEngine((store) => store.queue)(clock);
    const opened = await openQueue(valkey.url, { now: () => clock.now() });
    const queues: Pair<TaskQueue> = [engine.port, opened.queue];
    const random = seededRandom(seed);
    const leases: Pair<Lease>[] = [];
    const both = async (call: (queue: TaskQueue, index: 0 | 1) => Promise<unknown>): Promise<void> => {
      const [sqlite, bull] = await Promise.all([outcome(call(queues[0], 0)), outcome(call(queues[1], 1))]);
      expect(bull).toEqual(sqlite);
    };
    const held = async (call: (queue: TaskQueue, lease: Lease) => Promise<unknown>): Promise<void> => {
      // Mostly a new one.
      const pair = leases[Math.max(0, leases.length - 1 - random(random(4) === 0 ? leases.length + 1 : 4))];
      if (pair !== undefined) await both((queue, index) => call(queue, pair[index]));
    };
    const claim = async (): Promise<void> => {
      const limit = [1, 4, 100][random(3)] ?? 1;
      const request = {
        workerId: `w${random(3)}`,
        leaseMs: 1 + random(300),
        maxActive: 8,
        maxPerWorker: limit,
      };
      const found: (Lease | null)[] = [];
      await both(async (queue, index) => (found[index] = await queue.claim(request)));
      if (found[0] && found[1]) leases.push([found[0], found[1]]);
    };
    const steps: readonly (() => unknown)[] = [
      ...Array.from({ length: 5 }, () => () => {
        const entry = { taskId: `t${random(25)}`, priority: 1 + random(3) };
        return both((queue) => queue.enqueue(entry));
      }),
      ...Array.from({ length: 6 }, () => claim),
      () => held((queue, lease) => queue.heartbeat(lease, 200)),
      () => held((queue, lease) => queue.complete(lease)),
      () => held((queue, lease) => queue.fail(lease)),
      () => {
        const retryAt = clock.now() + random(200);
        return held((queue, lease) => queue.fail(lease, retryAt));
      },
      () => {
        const taskId = `t${random(25)}`;
        return both((queue) => queue.remove(taskId));
      },
      () => {
        const workerId = `w${random(12)}`;
        return both((queue) => queue.release(workerId));
      },
      () => (random(4) === 0 ? both((queue) => queue.pause()) : both((queue) => queue.resume())),
      () => clock.advance(random(60)),
      () => clock.advance(random(60)),
    ];
    for (let step = 0; step < STEPS; step += 1) {
      await steps[random(steps.length)]?.();
      await both((queue) => queue.counts());
      await both((queue) => queue.nextDueAt());
      await both((queue) => queue.missing(ALL));
    }
    expect(leases.length).toBeGreaterThan(50);
    await opened.close();
    await engine.close();
    await valkey.run("flushall");
  });
