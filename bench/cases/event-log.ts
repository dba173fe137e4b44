import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { NewEvent } from "@mosaic/contracts";
import { openSqliteStore, type Store } from "@mosaic/store";
import { type BenchCase, inParallel, median, timed } from "../measure.ts";
import { admitMany } from "../tasks.ts";
import { inTemporaryFolder } from "../temporary-folder.ts";

const EVENTS = 1_000_000;
const BATCH = 1000;
const KEPT = 100_000;
const SAMPLES = 50;

async function append(store: Store, count: number): Promise<void> {
  await inParallel(count / BATCH, 4, (batch) =>
    store.state.append(
      Array.from({ length: BATCH }, (_, index): NewEvent => {
        const subject = `agent-${(batch * BATCH + index) % 1000}`;
        return {
          type: "transcript.text",
          time: new Date().toISOString(),
          subject,
          data: { text: `line ${index}` },
        };
      }),
    ),
  );
}

async function readCost(store: Store): Promise<{ replay: number; list: number }> {
  const { newest } = await store.state.eventRange();
  const replay: number[] = [];
  const list: number[] = [];
  for (let index = 0; index < SAMPLES; index += 1) {
    replay.push(await timed(() => store.state.eventsAfter({ after: newest - 500, limit: 500 })));
    list.push(await timed(() => store.state.listAgents({ limit: 50 })));
  }
  return { replay: median(replay), list: median(list) };
}

export const eventLog: BenchCase = {
  name: "events",
  run: () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, "mosaic.db");
      const store = await openSqliteStore({ file });
      await admitMany(store, "task", 1000);
      await append(store, 10_000);
      const few = await readCost(store);
      const ms = await timed(() => append(store, EVENTS));
      const many = await readCost(store);
      await store.state.pruneEvents(KEPT);
      await append(store, KEPT);
      const before = (await stat(file)).size;
      await append(store, KEPT);
      await store.state.pruneEvents(KEPT);
      await append(store, KEPT);
      const after = (await stat(file)).size;
      await store.close();
      return [
        {
          what: "events: appended, in batches of 1,000",
          value: (EVENTS / ms) * 1000,
          unit: "events/s",
          floor: null,
          bar: null,
        },
        {
          what: "events: replay of 500 at 1,000,000 (floor: at 10,000)",
          value: many.replay,
          unit: "ms",
          floor: few.replay,
          bar: { at: "most", of: "ratio", limit: 2 },
        },
        {
          what: "events: list of agents at 1,000,000 (floor: at 10,000)",
          value: many.list,
          unit: "ms",
          floor: few.list,
          bar: { at: "most", of: "ratio", limit: 2 },
        },
        {
          what: "events: file after another 200,000, kept to 100,000",
          value: after / 1_048_576,
          unit: "MiB",
          floor: before / 1_048_576,
          bar: { at: "most", of: "ratio", limit: 1.2 },
        },
      ];
    }),
};
