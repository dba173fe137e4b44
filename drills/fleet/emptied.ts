import { setTimeout as pause } from "node:timers/promises";
import { pushedBranches, seen } from "../../tests/fleet.ts";
import { newServers } from "../../tests/store-mode.ts";
import type { Findings } from "../crash/invariants.ts";
import { expectSays } from "../faults/outcome.ts";
import { type Mosaic, scenarioFile } from "../mosaic-process.ts";
import { lookFor } from "../wait-for.ts";
import { onField } from "./field.ts";

/** Everything is flushed under a Valkey that runs on, or it keeps nothing and is killed and started again. */
export type Emptying = "flushed" | "restarted";

const LIMIT_MS = 30_000;
/** Longer than a lease (2 s) and a look at the queue (5 s): what would be claimed is claimed by then. */
const WATCH_MS = 7000;

/** A Valkey without what it held is not one without tasks: nothing is served, claimed, done again or begun from it. */
export async function emptied(how: Emptying, found: Findings): Promise<void> {
  const servers = await newServers({ durable: how === "flushed" });
  const upstream = scenarioFile("repaired-when-told");
  const env = { ORCHESTRATOR_QUEUE_CONCURRENCY: "1" };
  await onField({ found, upstream, env, servers }, async ({ fleet }) => {
    const mosaics = [await fleet.start("one"), await fleet.start("two")];
    const [one] = mosaics;
    if (one === undefined) return;
    const agents = [await fleet.spawn(one, "t0"), await fleet.spawn(one, "t1")];
    await Promise.all(agents.map((agentId) => seen(one, agentId, "transcript.tool_call")));
    await fleet.spawn(one, "waits");
    if (how === "flushed") await servers.valkey.run("flushall");
    else {
      await servers.valkey.process.kill();
      await servers.valkey.restart();
    }
    for (const mosaic of mosaics) await refuses(mosaic, () => fleet.spawn(mosaic, "t0"), found);
    await pause(WATCH_MS);
    for (const mosaic of mosaics) await refuses(mosaic, () => fleet.spawn(mosaic, "new"), found);
    const branches = await pushedBranches(fleet);
    if (branches.length > 0) found.violations.push(`${branches.join(", ")} were pushed`);
    const keys = await servers.valkey.run("keys", "orchestrator:task:*");
    if (keys !== "") found.violations.push(`tasks were written into the emptied Valkey: ${keys}`);
    for (const mosaic of mosaics) await mosaic.kill();
    const start = fleet.start("one", { MOSAIC_STORE_WAIT_SECONDS: "0" }).then(
      () => "it started",
      (error: unknown) => String(error),
    );
    expectSays(found, "a start on it", { text: await start, says: /emptied/ });
  });
}

async function refuses({ url }: Mosaic, spawn: () => Promise<unknown>, found: Findings): Promise<void> {
  let said = "";
  const refused = await lookFor(async () => {
    const answer = await fetch(`${url}/health/ready`);
    said = `${answer.status}: ${await answer.text()}`;
    return answer.status === 503 && /emptied/.test(said);
  }, LIMIT_MS);
  if (refused === null) found.violations.push(`readiness says ${said.slice(0, 300)}`);
  const spawned = await spawn().then(
    () => "it was accepted",
    (error: unknown) => JSON.stringify(error) + String(error),
  );
  expectSays(found, "a spawn", { text: spawned, says: /emptied/ });
}
