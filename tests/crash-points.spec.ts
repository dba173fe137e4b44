import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createGitFixture, type GitFixture } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RESTART_POINTS, RUN_POINTS } from "../apps/orchestrator/src/spawner/step-points.ts";
import { type Mosaic, scenarioFile, startMosaic, tryMosaic } from "../drills/mosaic-process.ts";
import { seen } from "../drills/faults/outcome.ts";
import { taskOf } from "../drills/crash/place.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

// The drill kills the process at every step boundary (`npm run drill crash`). Here: that the list it goes by is true.

let folder: string;
let home: string;
let git: GitFixture;
let remote: string;
const started: Mosaic[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-points-"));
  home = join(folder, "home");
  git = await createGitFixture("mosaic-points-git-");
  remote = await git.remote(TINY_REPOSITORY);
});
afterEach(async () => {
  for (const mosaic of started.splice(0)) await mosaic.kill();
  await git.dispose();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

async function up(env: Record<string, string> = {}): Promise<Mosaic> {
  const all = { MOSAIC_LOG_LEVEL: "trace", ...env };
  const mosaic = await startMosaic({ home, upstream: scenarioFile("repaired"), env: all });
  started.push(mosaic);
  return mosaic;
}

/** Starts a process, gives it the task, and waits until it has killed itself at the point. */
async function dieAt(point: string): Promise<void> {
  const mosaic = await up({ MOSAIC_CRASH_AT: point });
  await mosaic.client.call("spawnAgent", { body: taskOf("t", remote) }).catch(() => null);
  expect(await mosaic.ended).toEqual({ code: null, signal: "SIGKILL" });
}

/** The agent of the task's first attempt, and of its last. */
async function attempts(mosaic: Mosaic) {
  const { items } = await mosaic.client.call("listAgents", { query: { taskId: "t" } });
  return [...items].sort((a, b) => a.attempt - b.attempt);
}

async function pointsPassed(): Promise<Set<string>> {
  const lines = (await readFile(join(home, "mosaic.log"), "utf8")).split("\n");
  return new Set(lines.flatMap((line) => /"point":"([^"]+)"/.exec(line)?.[1] ?? []));
}

it("each point of the list is passed, by a task whose process dies on the way and whose next attempt is rejected once", async () => {
  await dieAt("turn.ended");
  const mosaic = await up();
  const [first] = await attempts(mosaic);
  await seen(mosaic.client, first?.agentId ?? "", "agent.cleanup");
  await seen(mosaic.client, first?.agentId ?? "", "agent.failed");
  const [, second] = await attempts(mosaic);
  await seen(mosaic.client, second?.agentId ?? "", "agent.cleanup");
  await mosaic.stop();
  const passed = await pointsPassed();
  // The one point this task has no reason to pass is passed in the next test.
  const wanted = [...RUN_POINTS, ...Object.keys(RESTART_POINTS)].filter(
    (point) => point !== "push.recognised",
  );
  expect(wanted.filter((point) => !passed.has(point))).toEqual([]);
});

it("a push that reached the remote before the process died is recognised, and not repeated", async () => {
  await dieAt("push.sent");
  const mosaic = await up();
  const [agent] = await attempts(mosaic);
  await seen(mosaic.client, agent?.agentId ?? "", "agent.cleanup");
  await seen(mosaic.client, agent?.agentId ?? "", "agent.completed");
  const known = await attempts(mosaic);
  expect(known).toHaveLength(1);
  expect(known[0]).toMatchObject({ status: "completed", attempt: 1 });
  expect(await pointsPassed()).toContain("push.recognised");
  const refs = await git.git(
    remote,
    "for-each-ref",
    "--format=%(objectname) %(refname:short)",
    "refs/heads/mosaic",
  );
  expect(refs).toBe(`${known[0]?.pushedCommit} ${known[0]?.branch}`);
});

it("a push that was intended and never sent is interrupted work, which is done again", async () => {
  await dieAt("push.intended");
  const mosaic = await up();
  const [first] = await attempts(mosaic);
  await seen(mosaic.client, first?.agentId ?? "", "agent.failed");
  const [, second] = await attempts(mosaic);
  await seen(mosaic.client, second?.agentId ?? "", "agent.completed");
  expect(await attempts(mosaic)).toMatchObject([
    { status: "failed", reason: "interrupted" },
    { status: "completed", attempt: 2 },
  ]);
});

it("a point that does not exist is refused at the start, by name", async () => {
  const env = { MOSAIC_CRASH_AT: "no.such-point" };
  const refused = await tryMosaic({ home, upstream: scenarioFile("repaired"), env });
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("no.such-point") });
});

describe("the steps of an attempt", () => {
  const STEPS = fileURLToPath(new URL("../apps/orchestrator/src/spawner/steps", import.meta.url));

  it("each say that they were passed, so that a new step joins the drill by itself", async () => {
    const files = (await readdir(STEPS)).filter((name) => name.endsWith(".ts") && !name.endsWith(".spec.ts"));
    const silent: string[] = [];
    for (const name of files) {
      const source = await readFile(join(STEPS, name), "utf8");
      const isStep = /export async function \w+\(\s*context: AttemptContext/.test(source);
      if (isStep && !/\breach\(["`]/.test(source)) silent.push(name);
    }
    expect(files.length).toBeGreaterThan(8);
    expect(silent).toEqual([]);
  });
});
