import { setTimeout as pause } from "node:timers/promises";
import { newServers } from "../../tests/store-mode.ts";
import type { Findings } from "../crash/invariants.ts";
import { onField } from "./field.ts";

export type KilledServer = "valkey" | "postgres";

interface Plan {
  readonly servers: readonly KilledServer[];
  readonly kills: number;
  readonly random: () => number;
  readonly found: Findings;
}

const TASKS = 8;
const AWAY_MS = { least: 200, most: 3000 };
/** Longest time between two kills, in milliseconds. */
const BETWEEN_MS = 2500;
/** Longer than the servers are away together with their start, so that nobody's lease runs out. */
const ENV = { MOSAIC_LEASE_SECONDS: "30", ORCHESTRATOR_QUEUE_CONCURRENCY: "3" };

/** Two orchestrators at work while servers of theirs are killed again and again: no attempt may fail of that. */
export async function serversKilled({ servers, kills, random, found }: Plan): Promise<void> {
  const own = await newServers({ alone: true });
  await onField({ found, env: ENV, servers: own }, async (field) => {
    const mosaics = [await field.start("one"), await field.start("two")];
    for (let at = 0; at < TASKS; at += 1) {
      const through = mosaics[at % mosaics.length];
      if (through !== undefined) await field.spawn(through, { taskId: `t${at}`, maxRetries: 0 });
    }
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(random() * BETWEEN_MS);
      await Promise.all(servers.map(async (name) => await own[name]?.process.kill()));
      await pause(AWAY_MS.least + random() * (AWAY_MS.most - AWAY_MS.least));
      await Promise.all(servers.map(async (name) => await own[name]?.restart()));
    }
    const [one] = mosaics;
    if (one !== undefined) await field.finish(one);
  });
}
