import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openSqliteStore, type Store } from "@mosaic/store";
import { type BenchCase, inParallel, percentile, timed } from "../measure.ts";
import { admitMany } from "../tasks.ts";
import { inTemporaryFolder } from "../temporary-folder.ts";

const TASKS = 3000;
const CALLERS = 50;
const HAND_OVERS = 200;
const CLAIM = { workerId: "bench", leaseMs: 60_000, maxActive: 1000, maxPerWorker: 1000 };

/** Single rows, one durable commit each: what the disk gives. */
function bareCommits(file: string): number {
  const db = new DatabaseSync(file);
  db.exec(
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)",
  );
  const insert = db.prepare("INSERT INTO t (v) VALUES (?)");
  const started = performance.now();
  for (let index = 0; index < TASKS; index += 1) insert.run("x".repeat(220));
  const perSecond = (TASKS / (performance.now() - started)) * 1000;
  db.close();
  return perSecond;
}

async function passTask(store: Store, taskId: string): Promise<void> {
  await store.queue.enqueue({ taskId, priority: 5 });
  const lease = await store.queue.claim(CLAIM);
  if (lease === null) throw new Error("nothing to claim");
  const at = new Date().toISOString();
  const data = {};
  await store.state.transition({
    at,
    task: { taskId: lease.taskId, to: "assigned" },
    events: [{ type: "task.assigned", time: at, subject: "bench", taskId: lease.taskId, data }],
  });
  await store.queue.complete(lease);
}

async function handOvers(store: Store): Promise<number[]> {
  const samples: number[] = [];
  for (let index = 0; index < HAND_OVERS; index += 1) {
    const taskId = `idle-${index}`;
    const claimed = Promise.withResolvers<void>();
    const claimOne = async (): Promise<void> => {
      const lease = await store.queue.claim(CLAIM);
      if (lease === null) return;
      await store.queue.complete(lease);
      claimed.resolve();
    };
    const stop = store.queue.onAvailable(() => void claimOne());
    samples.push(
      await timed(async () => {
        await store.queue.enqueue({ taskId, priority: 5 });
        await claimed.promise;
      }),
    );
    stop();
  }
  return samples;
}

export const queuePath: BenchCase = {
  name: "queue",
  run: () =>
    inTemporaryFolder(async (folder) => {
      const floor = bareCommits(join(folder, "bare.db"));
      const store = await openSqliteStore({ file: join(folder, "mosaic.db") });
      await admitMany(store, "task", TASKS);
      const ms = await timed(() => inParallel(TASKS, CALLERS, (index) => passTask(store, `task-${index}`)));
      const idle = await handOvers(store);
      await store.close();
      return [
        {
          what: "queue: enqueue, claim, state and event, complete (50 callers)",
          value: (TASKS / ms) * 1000,
          unit: "tasks/s",
          floor,
          bar: { at: "least", of: "ratio", limit: 0.5 },
        },
        {
          what: "queue: enqueue to claimed and completed, idle, p99",
          value: percentile(idle, 0.99),
          unit: "ms",
          floor: null,
          bar: { at: "most", of: "value", limit: 20 },
        },
      ];
    }),
};
