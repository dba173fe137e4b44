import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@mosaic/client";
import { loadConfig } from "@mosaic/config";
import { orchestratorRoutes } from "@mosaic/contracts";
import { buildOrchestratorApp, openData } from "@mosaic/orchestrator";
import { chooseSandbox } from "@mosaic/sandbox";
import { createLogger } from "@mosaic/telemetry";
import { createGitFixture } from "@mosaic/testing";
import { expect, it } from "vitest";
import { scenario } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

it("an agent goes on when the machine slept longer than its lease: it is not doubled, and a kill still reaches it", async () => {
  let sleptMs = 0;
  const home = await mkdtemp(join(tmpdir(), "mosaic-suspend-"));
  const git = await createGitFixture("mosaic-suspend-git-");
  const config = loadConfig({
    MOSAIC_HOME: home,
    MOSAIC_MODEL_UPSTREAM: scenario("waits"),
    MOSAIC_SHUTDOWN_GRACE_SECONDS: "0",
    // No heartbeat comes in between: the claim is the first to see the expired lease.
    MOSAIC_LEASE_SECONDS: "3600",
    MAX_CONCURRENT_AGENTS: "2",
    ORCHESTRATOR_QUEUE_CONCURRENCY: "2",
  });
  const logger = createLogger({ name: "suspend", level: "silent", redact: (text) => text });
  const data = await openData({ config, logger, now: () => Date.now() + sleptMs });
  const app = await buildOrchestratorApp({
    config,
    version: "0.0.0",
    data,
    sandbox: await chooseSandbox({ enabled: true, runtime: "bubblewrap" }),
    // Closed (discard): agents work without prepared dependencies.
    coordinator: { url: "http://127.0.0.1:9", token: "x".repeat(32) },
    logger,
  });
  const { url } = await app.server.listen({ host: "127.0.0.1", port: 0 });
  await app.start(url);
  const token = (await readFile(join(home, "cli-token"), "utf8")).trim();
  const client = createClient({ baseUrl: url, token, routes: orchestratorRoutes });
  const remote = await git.remote(TINY_REPOSITORY);
  const spawn = async (taskId: string): Promise<string> => {
    const context = { repository: remote, branch: "main", workItems: ["x"] };
    const { agentId } = await client.call("spawnAgent", { body: { taskId, agentType: "worker", context } });
    const query = { agent: agentId, transcript: "true" } as const;
    for await (const item of client.streamEvents({ lastEventId: 0, query })) {
      if (item.kind === "event" && item.event.type === "transcript.tool_call") break;
    }
    return agentId;
  };
  try {
    const agentId = await spawn("first");
    sleptMs = 7_200_000;
    // Older entries are claimed first: when the second task is at work, the first one's expired lease was claimed again.
    await spawn("second");
    const agent = await client.call("getAgent", { params: { agentId } });
    expect(agent).toMatchObject({ status: "running", attempt: 1 });
    expect(agent.retriedBy).toBeUndefined();
    expect(await client.call("killAgent", { params: { agentId } })).toMatchObject({
      status: "killed",
      residual: [],
    });
    expect(await client.call("killAll")).toMatchObject({ killed: 1, failed: 0 });
  } finally {
    await app.close();
    await data.close();
    await git.dispose();
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
});
