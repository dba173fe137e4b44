import { readQueue } from "../bullmq/move.ts";
import type { StateStore } from "../state-store.ts";
import type { Link } from "../valkey/connect.ts";
import { KEYS } from "../valkey/keys.ts";
import type { Summary } from "./header.ts";
import type { Line } from "./lines.ts";
import { readState } from "./read-records.ts";

/** Everything in Valkey that is moved: the state through its port, and the queue's entries. */
export async function* readValkey(state: StateStore, link: Link): AsyncGenerator<Line, void, undefined> {
  yield* readState(state);
  for (const entry of (await readQueue(link)).entries) yield { kind: "entry", entry };
}

/** What is no record. */
export async function readValkeySummary(link: Link): Promise<Omit<Summary, "audit">> {
  const { summary } = await readQueue(link);
  const newest = await link.redis.get(KEYS.newestEvent).catch((error: unknown) => {
    throw link.fault(error, { reads: true });
  });
  return { queue: summary, newestEvent: Number(newest) };
}
