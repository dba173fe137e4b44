import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@mosaic/client";
import { loadConfig } from "@mosaic/config";
import { coordinatorRoutes, orchestratorRoutes } from "@mosaic/contracts";
import { buildOrchestratorApp, openData } from "@mosaic/orchestrator";
import { chooseSandbox } from "@mosaic/sandbox";
import { createLogger } from "@mosaic/telemetry";
import { createGitFixture } from "@mosaic/testing";
import { expect, it } from "vitest";
import { scenario } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

/** A coordinator that never answers one of its routes, and tells when it was asked and when the asker hung up. */
async function silentCoordinator(silent: string) {
  const asked = Promise.withResolvers<void>();
  const hungUp = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    if (request.url !== silent) {
      const answer = { prepared: false, message: "nothing to prepare", durationMs: 0, mounts: [] };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
      return;
    }
    response.once("close", hungUp.resolve);
    asked.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked: asked.promise,
    hungUp: hungUp.promise,
    close(): void {
      server.close();
      server.closeAllConnections();
    },
  };
}

it.each([
  ["preparing dependencies", coordinatorRoutes.prepareDependencies.path, "spawning"],
  ["gating", coordinatorRoutes.checkQuality.path, "running"],
])(
  "a kill while a coordinator elsewhere is %s hangs up on it, and does not wait for it",
  async (_, path, before) => {
    const coordinator = await silentCoordinator(path);
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
      coordinator: { url: coordinator.url, token: "x".repeat(32) },
      logger: createLogger({ name: "e2e", level: "silent", redact: (text) => text }),
    });
    try {
      const { url } = await app.server.listen({ host: "127.0.0.1", port: 0 });
      await app.start();
      const token = (await readFile(join(home, "cli-token"), "utf8")).trim();
      const client = createClient({ baseUrl: url, token, routes: orchestratorRoutes });
      const repository = await git.remote(TINY_REPOSITORY);
      const context = { repository, branch: "main", workItems: ["Mend it"] };
      const body = { taskId: "t", agentType: "worker", context } as const;
      const { agentId } = await client.call("spawnAgent", { body });
      await coordinator.asked;
      const receipt = await client.call("killAgent", { params: { agentId } });
      expect(receipt).toMatchObject({ status: "killed", previousStatus: before, residual: [] });
      await coordinator.hungUp;
    } finally {
      await app.close();
      await data.close();
      coordinator.close();
      await git.dispose();
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    }
  },
);
