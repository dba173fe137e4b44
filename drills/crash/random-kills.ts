import { setTimeout as pause } from "node:timers/promises";
import { type Mosaic, scenarioFile, startMosaic } from "../mosaic-process.ts";
import { checkLeftovers, checkTasks, noFindings } from "./invariants.ts";
import type { CrashFindings } from "./crash-at-point.ts";
import { makePlace, taskOf } from "./place.ts";
import { settle } from "./settle.ts";

const TASKS = 5;
/** No task may run out of retries because of us: it is interrupted at most once by each kill. */
const MAX_RETRIES = 10;
/** Longest time a process lives before it is killed, in milliseconds: about as long as the tasks take. */
const LIFE_MS = 4000;

/** Five tasks, three at a time, while the process is killed again and again at random moments. */
export async function randomKills(kills: number, random: () => number): Promise<CrashFindings> {
  const place = await makePlace();
  const found = noFindings();
  const { home, git, remote } = place;
  const env = { MAX_CONCURRENT_AGENTS: "3", ORCHESTRATOR_QUEUE_CONCURRENCY: "3" };
  const wanted = Array.from({ length: TASKS }, (_, at) => ({
    taskId: `t${at}`,
    remote,
    maxRetries: MAX_RETRIES,
  }));
  const start = (): Promise<Mosaic> => startMosaic({ home, upstream: scenarioFile("repaired"), env });
  let servingMs = 0;
  let mosaic = await start();
  try {
    for (const { taskId } of wanted)
      await mosaic.client.call("spawnAgent", { body: taskOf(taskId, remote, MAX_RETRIES) });
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(random() * LIFE_MS);
      await mosaic.kill();
      mosaic = await start();
      servingMs = Math.max(servingMs, mosaic.readyMs);
    }
    if (!(await settle(mosaic.client, home))) found.losses.push("work was left after two minutes");
    await checkTasks(mosaic.client, git, { wanted, found });
    const { items } = await mosaic.client.call("listAgents", { query: { limit: 100 } });
    await mosaic.stop();
    await checkLeftovers(home, { git, agents: new Set(items.map(({ agentId }) => agentId)), found });
  } catch (error) {
    found.violations.push(`the try could not be played to its end: ${String(error)}`);
  } finally {
    await mosaic.kill();
    await place.dispose();
  }
  return { ...found, servingMs };
}
