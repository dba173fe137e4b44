import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentView } from "@mosaic/contracts";
import { createGitFixture, type GitFixture, processesMentioning } from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { seen } from "../drills/faults/outcome.ts";
import { type Mosaic, startMosaic, tryMosaic } from "../drills/mosaic-process.ts";
import { type OrchestratorClient, scenario } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

let folder: string;
let home: string;
let git: GitFixture;
const started: Mosaic[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-crash-"));
  home = join(folder, "home");
  git = await createGitFixture("mosaic-crash-git-");
});
afterEach(async () => {
  for (const mosaic of started.splice(0)) await mosaic.kill();
  await git.dispose();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** `mosaic up` as a process of its own; resolves when it serves. */
async function up(upstream: string): Promise<Mosaic> {
  const mosaic = await startMosaic({ home, upstream, env: { MOSAIC_SHUTDOWN_GRACE_SECONDS: "1" } });
  started.push(mosaic);
  return mosaic;
}

const get = (client: OrchestratorClient, agentId: string): Promise<AgentView> =>
  client.call("getAgent", { params: { agentId } });

async function spawnTask(client: OrchestratorClient, remote: string): Promise<string> {
  const context = { repository: remote, branch: "main", workItems: ["Make the failing test pass"] };
  return (await client.call("spawnAgent", { body: { taskId: "t", agentType: "worker", context } })).agentId;
}

it("a process killed in the middle of an agent's work leaves nothing running, and the next one finishes the task", async () => {
  const remote = await git.remote(TINY_REPOSITORY);
  const first = await up(scenario("waits"));
  const agentId = await spawnTask(first.client, remote);
  await seen(first.client, agentId, "transcript.tool_call");
  await first.kill();

  const second = await up(scenario("repaired-at-once"));
  await seen(second.client, agentId, "agent.failed");
  const interrupted = await get(second.client, agentId);
  expect(interrupted).toMatchObject({ status: "failed", reason: "interrupted" });
  expect(await processesMentioning("3153600")).toEqual([]);

  const next = interrupted.retriedBy ?? "";
  await seen(second.client, next, "agent.cleanup");
  const retried = await get(second.client, next);
  expect(retried).toMatchObject({ status: "completed", attempt: 2, retryOf: agentId });
  const branches = await git.git(remote, "for-each-ref", "--format=%(refname:short)", "refs/heads");
  expect(new Set(branches.split("\n"))).toEqual(new Set(["main", retried.branch]));
  await seen(second.client, agentId, "agent.cleanup");
  expect(await readdir(join(home, "workspaces"))).toEqual([]);
  expect(await second.client.call("queueStats")).toMatchObject({ pending: 0, active: 0, delayed: 0 });
});

it("a process asked to stop interrupts its agents, and the next one goes on with their tasks", async () => {
  const remote = await git.remote(TINY_REPOSITORY);
  const first = await up(scenario("waits"));
  const agentId = await spawnTask(first.client, remote);
  await seen(first.client, agentId, "transcript.tool_call");
  await first.stop();
  expect(await first.ended).toMatchObject({ code: 0 });
  expect(await processesMentioning("3153600")).toEqual([]);
  expect(await readdir(join(home, "workspaces"))).toEqual([]);

  const second = await up(scenario("repaired-at-once"));
  const interrupted = await get(second.client, agentId);
  expect(interrupted).toMatchObject({ status: "failed", reason: "interrupted" });
  const next = interrupted.retriedBy ?? "";
  await seen(second.client, next, "agent.completed");
});

it("a second process on the same data folder is refused, and says who has it", async () => {
  const first = await up(scenario("waits"));
  const second = await tryMosaic({ home, upstream: scenario("waits") });
  if ("client" in second) started.push(second);
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`process ${first.pid}`) });
});
