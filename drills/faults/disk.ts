import { execFileSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { checkLeftovers, checkTasks } from "../crash/invariants.ts";
import { makePlace, type Place, taskOf } from "../crash/place.ts";
import { settle } from "../crash/settle.ts";
import { isDistributed } from "../../tests/store-mode.ts";
import type { ScenarioResult } from "../drill.ts";
import { scenarioFile, startMosaic, tryMosaic } from "../mosaic-process.ts";
import { agentIds, expectSays, scenarioOf, seen } from "./outcome.ts";

/** Gates want some room; an empty disk of this size costs no memory. */
const SIZE = "2g";

/** The data folder on a small disk of its own. Only root may make one: null for everybody else. */
export async function onOwnDisk(play: (place: Place) => Promise<void>): Promise<void> {
  const place = await makePlace();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE},mode=0700`, "tmpfs", place.home]);
  try {
    await play(place);
  } finally {
    execFileSync("umount", ["--lazy", place.home]);
    await place.dispose();
  }
}

/** Tries to shrink a disk to what is on it: somebody may write more meanwhile, and then it cannot be done. */
const TRIES = 50;

/** Leaves no space, and answers with the way to have it again. The disk shrinks, so that no memory is filled. */
function fill(home: string): () => void {
  for (let tried = 1; ; tried += 1) {
    const { blocks, bfree, bsize } = statfsSync(home);
    try {
      resize(home, `${(blocks - bfree) * bsize}`);
      return () => resize(home, SIZE);
    } catch (error) {
      if (tried === TRIES) throw error;
    }
  }
}

function resize(home: string, size: string): void {
  execFileSync("mount", ["-o", `remount,size=${size}`, home], { stdio: "pipe" });
}

/** No space while a task waits and another is asked for; then there is space again. */
export function diskFullAtRest(): Promise<ScenarioResult> {
  return scenarioOf((found) =>
    onOwnDisk(async ({ home, git, remote }) => {
      const mosaic = await startMosaic({ home, upstream: scenarioFile("repaired") });
      const { client } = mosaic;
      try {
        await client.call("pauseQueue");
        await client.call("spawnAgent", { body: taskOf("before", remote) });
        const empty = fill(home);
        const refused = await client.call("spawnAgent", { body: taskOf("during", remote) }).then(
          () => "it was accepted",
          (error: unknown) => String(error),
        );
        // Where tasks are kept elsewhere, another orchestrator may have room for it.
        if (!isDistributed())
          expectSays(found, "a spawn on a full disk", { text: refused, says: /full|space/i });
        const ready = await fetch(`${mosaic.url}/health/ready`);
        if (ready.status !== 503) found.violations.push(`a full disk is ready (${ready.status})`);
        empty();
        await client.call("spawnAgent", { body: taskOf("during", remote) });
        await client.call("resumeQueue");
        if (!(await settle(client, home))) found.losses.push("work was left");
        const wanted = ["before", "during"].map((taskId) => ({ taskId, remote, maxRetries: 3 }));
        await checkTasks(client, git, { wanted, found });
        const agents = await agentIds(client);
        await mosaic.stop();
        await checkLeftovers(home, { git, agents, found });
      } finally {
        await mosaic.kill();
      }
    }),
  );
}

/** No space in the middle of an agent's work. */
export function diskFullAtWork(): Promise<ScenarioResult> {
  return scenarioOf((found) =>
    onOwnDisk(async ({ home, git, remote }) => {
      const env = { MOSAIC_LEASE_SECONDS: "2" };
      const mosaic = await startMosaic({ home, upstream: scenarioFile("repaired"), env });
      const { client } = mosaic;
      try {
        const { agentId } = await client.call("spawnAgent", { body: taskOf("t", remote, 10) });
        await seen(client, agentId, "gates.started");
        const empty = fill(home);
        await client.call("pauseQueue").catch(() => null);
        await new Promise((resolve) => setTimeout(resolve, 3000));
        empty();
        await client.call("resumeQueue");
        if (!(await settle(client, home))) found.losses.push("work was left");
        const agents = await agentIds(client);
        const attempts = [...agents].length;
        if (attempts > 11) found.violations.push(`${attempts} attempts`);
        const { items } = await client.call("listAgents", { query: { limit: 100 } });
        const completed = items.filter(({ status }) => status === "completed");
        if (completed.length > 1) found.violations.push("the task was done twice");
        if (completed.length === 0 && items.some(({ reason }) => reason === undefined))
          found.violations.push("the task ended without a reason");
        await mosaic.stop();
        // What git could not finish for want of space is removed by the next start.
        await (await startMosaic({ home, upstream: scenarioFile("repaired"), env })).stop();
        await checkLeftovers(home, { git, agents, found, mayKeep: true });
      } finally {
        await mosaic.kill();
      }
    }),
  );
}

/** A data folder that cannot be written to is refused with a sentence, and nothing about it is changed. */
export function readOnlyAtStart(): Promise<ScenarioResult> {
  return scenarioOf((found) =>
    onOwnDisk(async ({ home, git, remote }) => {
      const options = { home, upstream: scenarioFile("repaired") };
      const first = await startMosaic(options);
      await first.client.call("pauseQueue");
      await first.client.call("spawnAgent", { body: taskOf("t", remote) });
      await first.stop();
      execFileSync("mount", ["-o", "remount,ro", home]);
      const refused = await tryMosaic(options);
      if ("client" in refused) {
        found.violations.push("it started on a folder that it cannot write to");
        await refused.stop();
      } else {
        if (refused.code !== 1) found.violations.push(`it ended with ${refused.signal ?? refused.code}`);
        expectSays(found, "the refusal", {
          text: refused.stderr,
          says: /read-only|cannot be opened for writing/i,
        });
        if (/which is a bug/.test(refused.stderr)) found.violations.push(`told as a bug: ${refused.stderr}`);
      }
      execFileSync("mount", ["-o", "remount,rw", home]);
      const again = await startMosaic(options);
      try {
        await again.client.call("resumeQueue");
        if (!(await settle(again.client, home))) found.losses.push("work was left");
        await checkTasks(again.client, git, { wanted: [{ taskId: "t", remote, maxRetries: 3 }], found });
      } finally {
        await again.stop();
      }
    }),
  );
}
