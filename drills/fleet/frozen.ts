import { setTimeout as pause } from "node:timers/promises";
import type { Findings } from "../crash/invariants.ts";
import { onField } from "./field.ts";
import { resume, stop } from "./signals.ts";

interface Plan {
  readonly tries: number;
  readonly random: () => number;
  readonly found: Findings;
}

const TASKS = 12;
const NAMES = ["one", "two", "three"];
/** Longest time between two stops, in milliseconds. */
const BETWEEN_MS = 1500;
/** Longer than the lease (2 s), in milliseconds. */
const STOPPED_MS = { least: 2500, most: 5000 };

/** One orchestrator after the other is stopped (SIGSTOP) for longer than its lease, and goes on. */
export async function frozen({ tries, random, found }: Plan): Promise<void> {
  await onField({ found, env: { ORCHESTRATOR_QUEUE_CONCURRENCY: "2" } }, async (field) => {
    const mosaics = await Promise.all(NAMES.map((name) => field.start(name)));
    const pick = () => mosaics[Math.floor(random() * mosaics.length)] ?? mosaics[0];
    for (let at = 0; at < TASKS; at += 1) {
      const through = mosaics[at % mosaics.length];
      if (through !== undefined) await field.spawn(through, { taskId: `t${at}`, maxRetries: 10 });
    }
    for (let tried = 0; tried < tries; tried += 1) {
      await pause(random() * BETWEEN_MS);
      const stopped = pick();
      if (stopped === undefined) return;
      stop(stopped.pid);
      await pause(STOPPED_MS.least + random() * (STOPPED_MS.most - STOPPED_MS.least));
      resume(stopped.pid);
    }
    const [one] = mosaics;
    if (one !== undefined) await field.finish(one);
  });
}
