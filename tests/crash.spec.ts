import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient } from "@mosaic/client";
import { type AgentView, orchestratorRoutes } from "@mosaic/contracts";
import { createGitFixture, type GitFixture, processesMentioning } from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type OrchestratorClient, scenario } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

const MOSAIC = fileURLToPath(new URL("../apps/cli/bin/mosaic.mjs", import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly client: OrchestratorClient;
}

let home: string;
let git: GitFixture;
const children: ChildProcess[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "mosaic-crash-"));
  git = await createGitFixture("mosaic-crash-git-");
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
  await git.dispose();
  await rm(home, { recursive: true, force: true, maxRetries: 3 });
});

/** `mosaic up` as a process of its own; resolves when it serves. */
async function up(upstream: string): Promise<Running> {
  const child = spawn(process.execPath, [MOSAIC, "up", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      MOSAIC_HOME: home,
      ORCHESTRATOR_PORT: "0",
      COORDINATOR_PORT: "0",
      API_PORT: "0",
      MOSAIC_MODEL_UPSTREAM: upstream,
      MOSAIC_RETRY_BASE_MS: "1",
      MOSAIC_SHUTDOWN_GRACE_SECONDS: "1",
    },
  });
  children.push(child);
  const { stdout } = child;
  if (stdout === null) throw new Error("mosaic up has no standard output");
  const [line] = (await once(createInterface({ input: stdout }), "line")) as [string];
  const { orchestratorUrl } = JSON.parse(line) as { orchestratorUrl: string };
  const token = (await readFile(join(home, "cli-token"), "utf8")).trim();
  return { child, client: createClient({ baseUrl: orchestratorUrl, token, routes: orchestratorRoutes }) };
}

async function seen(client: OrchestratorClient, agentId: string, type: string): Promise<void> {
  const stop = new AbortController();
  const query = { agent: agentId, transcript: "true" as const };
  for await (const item of client.streamEvents({ lastEventId: 0, query, signal: stop.signal })) {
    if (item.kind === "event" && item.event.type === type) break;
  }
  stop.abort();
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
  first.child.kill("SIGKILL");
  await once(first.child, "exit");

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
  first.child.kill("SIGTERM");
  const [code] = (await once(first.child, "exit")) as [number | null];
  expect(code).toBe(0);
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
  const second = spawn(process.execPath, [MOSAIC, "up"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      MOSAIC_HOME: home,
      ORCHESTRATOR_PORT: "0",
      COORDINATOR_PORT: "0",
      API_PORT: "0",
    },
  });
  children.push(second);
  let told = "";
  second.stderr?.on("data", (data: Buffer) => (told += data.toString()));
  const [code] = (await once(second, "close")) as [number | null];
  expect(code).toBe(1);
  expect(told).toContain(`process ${first.child.pid}`);
});
