import { join } from "node:path";
import { openSqliteStore, type Store } from "@mosaic/store";
import { type BenchCase, inParallel, timed } from "../measure.ts";
import { inTemporaryFolder } from "../temporary-folder.ts";

const PASSED = 1000;

/** Milliseconds for one claim and completion on top of a backlog. */
async function costOnTop(store: Store, backlog: number): Promise<number> {
  const claim = { workerId: "bench", leaseMs: 60_000, maxActive: 1000, maxPerWorker: 1000 };
  await inParallel(backlog, 500, (index) =>
    store.queue.enqueue({ taskId: `backlog-${backlog}-${index}`, priority: 1 + (index % 10) }),
  );
  const pass = async (): Promise<void> => {
    const lease = await store.queue.claim(claim);
    if (lease !== null) await store.queue.complete(lease);
  };
  return (await timed(() => inParallel(PASSED, 10, pass))) / PASSED;
}

export const queueBacklog: BenchCase = {
  name: "backlog",
  run: () =>
    inTemporaryFolder(async (folder) => {
      const measure = async (backlog: number): Promise<number> => {
        const store = await openSqliteStore({ file: join(folder, `${backlog}.db`) });
        try {
          return await costOnTop(store, backlog);
        } finally {
          await store.close();
        }
      };
      const small = await measure(PASSED + 100);
      return [
        {
          what: "queue: a task on a backlog of 100,000 (floor: of 1,100)",
          value: await measure(100_000),
          unit: "ms",
          floor: small,
          bar: { at: "most", of: "ratio", limit: 2 },
        },
      ];
    }),
};
