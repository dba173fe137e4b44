import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { OrchestratorClient } from "../mosaic-process.ts";

/** A system that has work left after this has not done it, in milliseconds. */
const SETTLE_MS = 120_000;
const LOOK_MS = 40;

/** Waits until nothing is queued, nobody runs, and every workspace is gone. False when that did not come about. */
export async function settle(
  client: OrchestratorClient,
  home: string | readonly string[],
  limitMs = SETTLE_MS,
): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    if (await isSettled(client, home)) return true;
    await pause(LOOK_MS);
  }
  return false;
}

async function isSettled(client: OrchestratorClient, home: string | readonly string[]): Promise<boolean> {
  const { pending, active, delayed } = await client.call("queueStats");
  if (pending + active + delayed > 0) return false;
  const going = await client.call("listAgents", { query: { status: ["spawning", "running"], limit: 1 } });
  if (going.items.length > 0) return false;
  const folders = [home]
    .flat()
    .flatMap((at) =>
      ["workspaces", "private", "trash"].map((name) => readdir(join(at, name)).catch(() => [])),
    );
  return (await Promise.all(folders)).every((names) => names.length === 0);
}
