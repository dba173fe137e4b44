import { chmod, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { checkLeftovers, checkTasks, type Findings } from "../crash/invariants.ts";
import { makePlace, type Place, taskOf } from "../crash/place.ts";
import { settle } from "../crash/settle.ts";
import type { ScenarioResult } from "../drill.ts";
import { type Mosaic, scenarioFile, startMosaic } from "../mosaic-process.ts";
import { agentIds, expectSays, lastAttempt, scenarioOf } from "./outcome.ts";

const HOOK_MS = 60_000;
const PARENT_OF_HOOK = /^PPid:\s*(\d+)$/m;

/** Makes the remote stop in the middle of a push, before or after it has moved its branch. Answers with the hook's pid. */
async function stopIn(remote: string, hook: "pre-receive" | "post-receive"): Promise<() => Promise<number>> {
  const flag = join(remote, "in-the-hook");
  await mkdir(join(remote, "hooks"), { recursive: true });
  const path = join(remote, "hooks", hook);
  await writeFile(path, `#!/bin/sh\necho $$ > ${flag}.new && mv ${flag}.new ${flag}\nexec sleep 600\n`);
  await chmod(path, 0o755);
  return async () => {
    const deadline = performance.now() + HOOK_MS;
    while (performance.now() < deadline) {
      if (await stat(flag).catch(() => null)) return Number(await readFile(flag, "utf8"));
      await pause(20);
    }
    throw new Error(`the remote never came to its ${hook} hook`);
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It died with the push.
  }
}

interface Playing {
  readonly place: Place;
  readonly found: Findings;
  readonly start: () => Promise<Mosaic>;
}

function play(action: (playing: Playing) => Promise<void>): Promise<ScenarioResult> {
  return scenarioOf(async (found) => {
    const place = await makePlace();
    const started: Mosaic[] = [];
    const start = async (): Promise<Mosaic> => {
      const mosaic = await startMosaic({ home: place.home, upstream: scenarioFile("repaired") });
      started.push(mosaic);
      return mosaic;
    };
    try {
      await action({ place, found, start });
    } finally {
      for (const mosaic of started) await mosaic.kill();
      await place.dispose();
    }
  });
}

async function finish({ place, found }: Playing, mosaic: Mosaic): Promise<void> {
  const { home, git, remote } = place;
  await checkTasks(mosaic.client, git, { wanted: [{ taskId: "t", remote, maxRetries: 3 }], found });
  const agents = await agentIds(mosaic.client);
  await mosaic.stop();
  await checkLeftovers(home, { git, agents, found });
}

/** The branch has moved, the answer is lost with the remote's process: the remote is asked, and believed. */
export function answerLost(): Promise<ScenarioResult> {
  return play(async (playing) => {
    const { place, found, start } = playing;
    const inHook = await stopIn(place.remote, "post-receive");
    const mosaic = await start();
    await mosaic.client.call("spawnAgent", { body: taskOf("t", place.remote) });
    const hook = await inHook();
    const status = await readFile(`/proc/${hook}/status`, "utf8");
    kill(Number(PARENT_OF_HOOK.exec(status)?.[1]));
    kill(hook);
    if (!(await settle(mosaic.client, place.home))) found.losses.push("work was left");
    if ((await agentIds(mosaic.client)).size !== 1) found.violations.push("the work was done again");
    await finish(playing, mosaic);
  });
}

/** The branch has moved, and Mosaic dies before it hears of it: the next process asks the remote. */
export function killedBeforeAnswer(): Promise<ScenarioResult> {
  return play(async (playing) => {
    const { place, found, start } = playing;
    const inHook = await stopIn(place.remote, "post-receive");
    const first = await start();
    await first.client.call("spawnAgent", { body: taskOf("t", place.remote) });
    const hook = await inHook();
    await first.kill();
    const second = await start();
    if (!(await settle(second.client, place.home))) found.losses.push("work was left");
    kill(hook);
    if ((await agentIds(second.client)).size !== 1) found.violations.push("the work was done again");
    await finish(playing, second);
  });
}

/** The remote goes away before its branch has moved: the push fails with a reason, and the work is kept. */
export function remoteRemoved(): Promise<ScenarioResult> {
  return play(async ({ place, found, start }) => {
    const { home, git, remote } = place;
    const inHook = await stopIn(remote, "pre-receive");
    const mosaic = await start();
    await mosaic.client.call("spawnAgent", { body: taskOf("t", remote) });
    const hook = await inHook();
    await rename(remote, `${remote}.away`);
    kill(hook);
    if (!(await settle(mosaic.client, home))) found.losses.push("work was left");
    const agent = await lastAttempt(mosaic.client, "t");
    if (agent.status !== "failed" || agent.reason !== "push")
      found.violations.push(`the agent is ${agent.status} (${agent.reason})`);
    expectSays(found, "the failure", { text: agent.error ?? "", says: /push/ });
    const diff = await mosaic.client.call("getAgentDiff", { params: { agentId: agent.agentId } });
    if (!diff.patch.includes("return a + b;")) found.losses.push("the work is not kept");
    const refs = await git.git(`${remote}.away`, "for-each-ref", "--format=%(refname)");
    if (refs !== "refs/heads/main") found.violations.push(`the remote has ${refs}`);
    const agents = await agentIds(mosaic.client);
    await mosaic.stop();
    await checkLeftovers(home, { git, agents, found });
  });
}

/** Mosaic dies while it pushes, and the next process cannot ask the remote: it does not guess. */
export function remoteUnknown(): Promise<ScenarioResult> {
  return play(async ({ place, found, start }) => {
    const { home, remote } = place;
    const inHook = await stopIn(remote, "post-receive");
    const first = await start();
    await first.client.call("spawnAgent", { body: taskOf("t", remote) });
    const hook = await inHook();
    await first.kill();
    kill(hook);
    await rename(remote, `${remote}.away`);
    const second = await start();
    if (!(await settle(second.client, home))) found.losses.push("work was left");
    const agent = await lastAttempt(second.client, "t");
    if (agent.status !== "failed" || agent.reason !== "push" || agent.attempt !== 1)
      found.violations.push(`the agent is ${agent.status} (${agent.reason}, attempt ${agent.attempt})`);
    expectSays(found, "the failure", { text: agent.error ?? "", says: /not pushed again/ });
  });
}
