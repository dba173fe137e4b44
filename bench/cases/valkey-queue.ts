import type { Lease, Store } from "@mosaic/store";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { type BenchCase, inParallel, median, percentile, timed } from "../measure.ts";
import { withServers } from "../servers.ts";
import { admitMany } from "../tasks.ts";

const TASKS = 2000;
const CLAIMERS = 10;
const ROUNDS = 5;
const HAND_OVERS = 200;
/** About what a task's record takes. */
const RECORD = "x".repeat(400);
const CLAIM = { workerId: "bench", leaseMs: 60_000, maxActive: 1000, maxPerWorker: 1000 };

const connection = (url: string): Redis => new Redis(url, { maxRetriesPerRequest: null });

/** BullMQ as its manual has it, with jobs like ours; tasks per second. */
async function bare(
  url: string,
  name: string,
  handle: (taskId: string) => Promise<unknown>,
): Promise<number> {
  const [producing, working] = [connection(url), connection(url)];
  const queue = new Queue(name, { connection: producing });
  const all = Promise.withResolvers<void>();
  let done = 0;
  const worker = new Worker<{ readonly taskId: string }>(
    name,
    async ({ data }) => {
      await handle(data.taskId);
      done += 1;
      if (done === TASKS) all.resolve();
    },
    { connection: working, concurrency: CLAIMERS, autorun: false },
  );
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  const ms = await timed(async () => {
    await inParallel(TASKS, CLAIMERS, (index) => {
      const taskId = `${name}-${index}`;
      return queue.add("task", { taskId }, { jobId: taskId, priority: 5, removeOnComplete: true });
    });
    void worker.run();
    await all.promise;
    // Waits for the last job to be completed, too.
    await worker.close();
  });
  await queue.close();
  producing.disconnect();
  working.disconnect();
  return (TASKS / ms) * 1000;
}

/** A record and an event, unchecked and without an index: the least that a handler would write. */
async function bareWrites(redis: Redis, taskId: string): Promise<void> {
  const event = JSON.stringify({ type: "task.assigned", time: new Date().toISOString(), taskId });
  const writes = redis.multi().set(`bare:${taskId}`, RECORD).xadd("bare:events", "*", "event", event);
  await writes.publish("bare:events", event).exec();
}

async function assign({ state }: Store, lease: Lease): Promise<void> {
  const { taskId } = lease;
  const at = new Date().toISOString();
  const events = [{ type: "task.assigned" as const, time: at, subject: "bench", taskId, data: {} }];
  await state.transition({ at, task: { taskId, to: "assigned" }, events }, lease);
}

/** One step after the other. */
async function oneByOne(store: Store): Promise<void> {
  for (let lease = await store.queue.claim(CLAIM); lease !== null;) {
    await assign(store, lease);
    await store.queue.complete(lease);
    lease = await store.queue.claim(CLAIM);
  }
}

/** Asks for the next task along with the completion of the last, as the orchestrator's loop does. */
async function inOneGo(store: Store): Promise<void> {
  for (let lease = await store.queue.claim(CLAIM); lease !== null;) {
    await assign(store, lease);
    const completed = store.queue.complete(lease);
    [lease] = await Promise.all([store.queue.claim(CLAIM), completed]);
  }
}

/** The same through the ports, with each task's state and event written under its lease; tasks per second. */
async function ours(store: Store, name: string, claimer: typeof oneByOne): Promise<number> {
  await admitMany(store, name, TASKS);
  const ms = await timed(async () => {
    await inParallel(TASKS, CLAIMERS, (index) =>
      store.queue.enqueue({ taskId: `${name}-${index}`, priority: 5 }),
    );
    await inParallel(CLAIMERS, CLAIMERS, () => claimer(store));
  });
  const { pending, active } = await store.queue.counts();
  if (pending + active > 0) throw new Error(`${pending + active} tasks were left`);
  return (TASKS / ms) * 1000;
}

/** From one orchestrator's enqueue to another's claim, nothing else going on; milliseconds. */
async function handOvers(from: Store, to: Store): Promise<number[]> {
  const samples: number[] = [];
  for (let index = 0; index < HAND_OVERS; index += 1) {
    const claimed = Promise.withResolvers<void>();
    const claimOne = async (): Promise<void> => {
      const lease = await to.queue.claim(CLAIM);
      if (lease === null) return;
      claimed.resolve();
      await to.queue.complete(lease);
    };
    const stop = to.queue.onAvailable(() => void claimOne());
    const ms = timed(async () => {
      await from.queue.enqueue({ taskId: `idle-${index}`, priority: 5 });
      await claimed.promise;
    });
    samples.push(await ms);
    stop();
  }
  return samples;
}

export const valkeyQueue: BenchCase = {
  name: "valkey-queue",
  run: () =>
    withServers(async (servers) => {
      const store = await servers.open();
      const redis = connection(servers.valkeyUrl);
      const rates = {
        bare: [] as number[],
        writing: [] as number[],
        ours: [] as number[],
        go: [] as number[],
      };
      for (let round = 0; round < ROUNDS; round += 1) {
        rates.bare.push(await bare(servers.valkeyUrl, `bare-${round}`, async () => undefined));
        rates.ours.push(await ours(store, `ours-${round}`, oneByOne));
        const write = (taskId: string): Promise<void> => bareWrites(redis, taskId);
        rates.writing.push(await bare(servers.valkeyUrl, `writing-${round}`, write));
        rates.go.push(await ours(store, `go-${round}`, inOneGo));
      }
      redis.disconnect();
      const idle = await handOvers(store, await servers.open());
      const least = { at: "least", of: "ratio", limit: 0.6 } as const;
      const [floor, value] = [median(rates.bare), median(rates.go)];
      const what = "valkey: enqueue, claim, state and event, complete";
      return [
        { what: `${what} (floor: BullMQ)`, value, unit: "tasks/s", floor, bar: least },
        {
          what: "valkey: the same, each claim after the answer to a completion",
          value: median(rates.ours),
          unit: "tasks/s",
          floor,
          bar: null,
        },
        {
          what: "valkey: the same (floor: BullMQ, SET + XADD + PUBLISH)",
          value,
          unit: "tasks/s",
          floor: median(rates.writing),
          bar: null,
        },
        {
          what: "valkey: enqueue to claimed by another orchestrator, idle, p99",
          value: percentile(idle, 0.99),
          unit: "ms",
          floor: null,
          bar: { at: "most", of: "value", limit: 20 },
        },
      ];
    }),
};
