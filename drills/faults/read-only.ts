import { execFileSync } from "node:child_process";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { checkLeftovers, checkTasks, type Findings } from "../crash/invariants.ts";
import { makePlace, type Place, taskOf } from "../crash/place.ts";
import { settle } from "../crash/settle.ts";
import type { ScenarioResult } from "../drill.ts";
import { type Mosaic, scenarioFile, startMosaic } from "../mosaic-process.ts";
import { onOwnDisk } from "./disk.ts";
import { agentIds, expectSays, scenarioOf, seen } from "./outcome.ts";

/** Longer than a lease, so that what cannot be renewed runs out. */
const READ_ONLY_MS = 3000;
const ENV = { MOSAIC_LEASE_SECONDS: "2" };
/** The attempt that was cut off, and one that may have been claimed in the same moment. */
const MOST_RETRIES = 2;
const DISK_BYTES = 2 ** 31;

/**
 * Nothing new can be made below the data folder, while what is open goes on: an administrator's read-only mount over it.
 * Answers with the way back.
 */
function cover(home: string): () => void {
  execFileSync("mount", ["--bind", home, home]);
  execFileSync("mount", ["-o", "remount,bind,ro", home]);
  return () => void execFileSync("umount", ["--lazy", home]);
}

/** What people and callers see while it is read-only. Answers with the tasks that were taken all the same. */
async function lookMeanwhile(
  { client, url }: Mosaic,
  { remote, found }: { readonly remote: string; readonly found: Findings },
): Promise<readonly string[]> {
  const ready = await fetch(`${url}/health/ready`);
  if (ready.status !== 503) found.violations.push(`a read-only folder is ready (${ready.status})`);
  expectSays(found, "readiness", { text: await ready.text(), says: /"data":\{"ok":false[^}]*read-only/ });
  try {
    await client.call("spawnAgent", { body: taskOf("during", remote, MOST_RETRIES) });
    return ["t", "during"];
  } catch (error) {
    expectSays(found, "a refused spawn", { text: String(error), says: /read-only|disk I\/O error/ });
    return ["t"];
  }
}

interface Play {
  readonly place: Place;
  readonly found: Findings;
  readonly makeReadOnly: () => () => void;
}

/** Read-only while an agent's work is checked, then writable again: `t`, and what was taken meanwhile, is done once. */
async function play({ place, found, makeReadOnly }: Play, restart: boolean): Promise<void> {
  const { home, git, remote } = place;
  const start = (): Promise<Mosaic> => startMosaic({ home, upstream: scenarioFile("repaired"), env: ENV });
  let mosaic = await start();
  try {
    const spawned = await mosaic.client.call("spawnAgent", { body: taskOf("t", remote, MOST_RETRIES) });
    await seen(mosaic.client, spawned.agentId, "gates.started");
    const makeWritable = makeReadOnly();
    const taken = await lookMeanwhile(mosaic, { remote, found });
    await pause(READ_ONLY_MS);
    if (restart) await mosaic.kill();
    makeWritable();
    if (restart) mosaic = await start();
    // What the cut-off attempt left in the data folder goes at the next start.
    if (!(await settle(mosaic.client, home))) found.losses.push("work was left");
    const wanted = taken.map((taskId) => ({ taskId, remote, maxRetries: MOST_RETRIES }));
    await checkTasks(mosaic.client, git, { wanted, found });
    const agents = await agentIds(mosaic.client);
    await mosaic.stop();
    await checkLeftovers(home, { git, agents, found });
  } finally {
    await mosaic.kill();
  }
}

/** Covered by a read-only mount, and uncovered: the same process goes on. */
export function readOnlyAtWork(): Promise<ScenarioResult> {
  return scenarioOf((found) =>
    onOwnDisk((place) => play({ place, found, makeReadOnly: () => cover(place.home) }, false)),
  );
}

/**
 * The disk itself gives up and is made read-only by the kernel, open files and all, as after a write error: nothing can
 * be recorded any more. It is checked, mounted and used again by a new process.
 */
export function diskGivesUp(): Promise<ScenarioResult> {
  return scenarioOf(async (found) => {
    const place = await makePlace();
    const image = join(place.home, "..", "disk");
    const mount = (): void => void execFileSync("mount", ["-o", "loop,errors=remount-ro", image, place.home]);
    const unmount = (): void => void execFileSync("umount", ["--lazy", place.home]);
    await writeFile(image, "");
    await truncate(image, DISK_BYTES);
    execFileSync("mkfs.ext4", ["-q", image]);
    mount();
    try {
      const makeReadOnly = (): (() => void) => {
        // What was not written yet would be lost, which is a power cut and not this drill's matter.
        execFileSync("sync", ["--file-system", place.home]);
        // What the kernel does itself where a write fails; it cannot be undone but by mounting anew.
        execFileSync("mount", ["-o", "remount,abort", place.home]);
        return () => {
          unmount();
          checkDisk(image);
          mount();
        };
      };
      await play({ place, found, makeReadOnly }, true);
    } finally {
      unmount();
      await place.dispose();
    }
  });
}

/** e2fsck answers 1 where it mended something, which is what it is asked for. */
function checkDisk(image: string): void {
  try {
    execFileSync("e2fsck", ["-p", image], { stdio: "ignore" });
  } catch (error) {
    if ((error as { status?: number }).status !== 1) throw error;
  }
}
