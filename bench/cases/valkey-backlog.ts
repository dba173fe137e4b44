import type { Store } from "@mosaic/store";
import { type BenchCase, inParallel, median, timed } from "../measure.ts";
import { withServers } from "../servers.ts";

const BACKLOGS = [100, 10_000, 100_000] as const;
const PASSED = 1000;
const CLAIMERS = 10;
const ROUNDS = 5;
const CLAIM = { workerId: "bench", leaseMs: 60_000, maxActive: 1000, maxPerWorker: 1000 };

const fill = (store: Store, backlog: number): Promise<void> =>
  inParallel(backlog, 500, (index) =>
    store.queue.enqueue({ taskId: `backlog-${index}`, priority: 1 + (index % 10) }),
  );

/** Milliseconds a task, over tasks that come and go while the backlog stays. */
async function costOnTop({ queue }: Store, round: number): Promise<number> {
  const pass = async (index: number): Promise<void> => {
    await queue.enqueue({ taskId: `passed-${round}-${index}`, priority: 1 + (index % 10) });
    const lease = await queue.claim(CLAIM);
    if (lease === null) throw new Error("nothing to claim");
    await queue.complete(lease);
  };
  return (await timed(() => inParallel(PASSED, CLAIMERS, pass))) / PASSED;
}

export const valkeyBacklog: BenchCase = {
  name: "valkey-backlog",
  run: () =>
    withServers((small) =>
      withServers((middle) =>
        withServers(async (large) => {
          const stores = await Promise.all([small, middle, large].map((servers) => servers.open()));
          const costs = BACKLOGS.map((): number[] => []);
          for (const [at, store] of stores.entries()) await fill(store, BACKLOGS[at] ?? 0);
          for (let round = 0; round < ROUNDS; round += 1)
            for (const [at, store] of stores.entries()) costs[at]?.push(await costOnTop(store, round));
          const [floor, ...more] = costs.map((samples) => median(samples));
          return more.map((value, at) => ({
            what: `valkey: a task on a backlog of ${BACKLOGS[at + 1]?.toLocaleString("en")} (floor: of 100)`,
            value,
            unit: "ms",
            floor: floor ?? null,
            bar: { at: "most", of: "ratio", limit: 2 } as const,
          }));
        }),
      ),
    ),
};
