import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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

/** A coordinator that prepares nothing and answers checks with what it is told to. */
async function fakeCoordinator(
  answer: string,
): Promise<{ url: string; asked: () => number; close: () => void }> {
  let checks = 0;
  const server = createServer((request, response) => {
    if (request.url === "/api/quality/check") checks += 1;
    response.writeHead(200, { "content-type": "application/json" }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, asked: () => checks, close };
}

const APPROVAL = JSON.stringify({ approved: true, gate: "pre-commit" });

it.each([
  ["is gone", ""],
  ["answers garbage", "<html>"],
  ["approves without evidence", APPROVAL],
])(
  "a coordinator that %s never lets work through: it fails closed, and the snapshot is kept",
  async (_, answer) => {
    const coordinator = answer === "" ? null : await fakeCoordinator(answer);
    const home = await mkdtemp(join(tmpdir(), "mosaic-e2e-"));
    const git = await createGitFixture("mosaic-e2e-git-");
    const config = loadConfig({
      MOSAIC_HOME: home,
      MOSAIC_MODEL_UPSTREAM: scenario("repaired-at-once"),
      MOSAIC_SHUTDOWN_GRACE_SECONDS: "0",
    });
    const data = await openData({ home, adminToken: undefined });
    const app = await buildOrchestratorApp({
      config,
      version: "0.0.0",
      data,
      sandbox: await chooseSandbox({ enabled: true }),
      // Port 9 is closed on every machine we know (discard).
      coordinator: { url: coordinator?.url ?? "http://127.0.0.1:9", token: "x".repeat(32) },
      logger: createLogger({ name: "e2e", level: "silent", redact: (text) => text }),
    });
    try {
      const { url } = await app.server.listen({ host: "127.0.0.1", port: 0 });
      await app.start();
      const token = (await readFile(join(home, "cli-token"), "utf8")).trim();
      const client = createClient({ baseUrl: url, token, routes: orchestratorRoutes });
      const remote = await git.remote(TINY_REPOSITORY);
      const context = { repository: remote, branch: "main", workItems: ["Make the failing test pass"] };
      const spawned = await client.call("spawnAgent", {
        body: { taskId: "t", agentType: "worker", context },
      });
      const stop = new AbortController();
      for await (const item of client.streamEvents({ lastEventId: 0, signal: stop.signal })) {
        if (item.kind === "event" && item.event.type === "agent.cleanup") break;
      }
      stop.abort();
      const agent = await client.call("getAgent", { params: { agentId: spawned.agentId } });
      expect(agent).toMatchObject({ status: "failed", reason: "gates_unavailable" });
      expect(await git.git(remote, "for-each-ref", "--format=%(refname:short)")).toBe("main");
      const diff = await client.call("getAgentDiff", { params: { agentId: spawned.agentId } });
      expect(diff.patch).toContain("+  return a + b;");
      expect(coordinator?.asked() ?? 1).toBeGreaterThan(0);
    } finally {
      await app.close();
      await data.close();
      coordinator?.close();
      await git.dispose();
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    }
  },
);
