import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGitFixture, type GitFixture, processesMentioning } from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Mosaic, scenarioFile, startMosaic } from "../drills/mosaic-process.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";
import { seenEvent } from "./seen-event.ts";

let folder: string;
let home: string;
let git: GitFixture;
let mosaic: Mosaic;

const start = (): Promise<Mosaic> =>
  startMosaic({ home, upstream: scenarioFile("waits"), env: { MOSAIC_CANCEL_GRACE_SECONDS: "600" } });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-promised-"));
  home = join(folder, "home");
  await mkdir(home);
  git = await createGitFixture("mosaic-promised-git-");
  mosaic = await start();
});
afterEach(async () => {
  await mosaic.kill();
  await git.dispose();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

const seen = async (agentId: string, ...types: readonly string[]): Promise<string> =>
  (await seenEvent(mosaic.client, agentId, ({ type }) => types.includes(type))).type;

async function working(): Promise<string> {
  const context = { repository: await git.remote(TINY_REPOSITORY), branch: "main", workItems: ["Mend it"] };
  const body = { taskId: "t", agentType: "worker", context } as const;
  const { agentId } = await mosaic.client.call("spawnAgent", { body });
  await seen(agentId, "transcript.tool_call");
  return agentId;
}

/** Orders, and kills the process as soon as the order is known to have been written. */
async function orderAndCrash(
  agentId: string,
  route: "killAgent" | "cancelAgent",
  written: string,
): Promise<void> {
  const asked = mosaic.client
    .call(route, { params: { agentId }, body: { reason: "promised" } })
    .catch(() => null);
  await seen(agentId, written);
  await mosaic.kill();
  await asked;
  mosaic = await start();
}

it("a kill whose process dies is finished by the next one, and its task is not retried", async () => {
  const agentId = await working();
  await orderAndCrash(agentId, "killAgent", "agent.kill_requested");
  expect(await seen(agentId, "agent.killed", "agent.failed")).toBe("agent.killed");
  const agent = await mosaic.client.call("getAgent", { params: { agentId } });
  expect(agent).toMatchObject({
    status: "killed",
    error: expect.stringMatching(/^killed by admin\S*: promised$/),
  });
  expect(agent.retriedBy).toBeUndefined();
  const { items } = await mosaic.client.call("listAgents", { query: { taskId: "t" } });
  expect(items).toHaveLength(1);
  expect(await readdir(join(home, "workspaces"))).toEqual([]);
  expect(await processesMentioning(agentId)).toEqual([]);
  const stats = await mosaic.client.call("queueStats");
  expect(stats).toMatchObject({ active: 0, pending: 0, delayed: 0 });
});

it("a cancel whose process dies in the grace still ends the agent as cancelled", async () => {
  const agentId = await working();
  await orderAndCrash(agentId, "cancelAgent", "agent.cancel_requested");
  await seen(agentId, "agent.failed");
  const agent = await mosaic.client.call("getAgent", { params: { agentId } });
  expect(agent).toMatchObject({ status: "failed", reason: "cancelled" });
  expect(agent.retriedBy).toBeUndefined();
});
