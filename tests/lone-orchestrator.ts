import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@mosaic/client";
import { loadConfig, sandboxOptions } from "@mosaic/config";
import { orchestratorRoutes } from "@mosaic/contracts";
import { buildOrchestratorApp, openData } from "@mosaic/orchestrator";
import { chooseSandbox } from "@mosaic/sandbox";
import { createLogger } from "@mosaic/telemetry";
import { createGitFixture, type GitFixture } from "@mosaic/testing";
import { SANDBOX_UNDER_TEST } from "./sandbox-under-test.ts";
import type { OrchestratorClient } from "./system.ts";

/** The execution plane in this process with real git and sandboxes, and no coordinator of its own. */
export interface LoneOrchestrator {
  readonly client: OrchestratorClient;
  readonly git: GitFixture;
  readonly home: string;
  close(): Promise<void>;
}

export interface LoneOptions {
  /** As MOSAIC_MODEL_UPSTREAM names it. */
  readonly upstream: string;
  readonly coordinatorUrl: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startLoneOrchestrator(options: LoneOptions): Promise<LoneOrchestrator> {
  const home = await mkdtemp(join(tmpdir(), "mosaic-lone-"));
  const git = await createGitFixture("mosaic-lone-git-");
  const config = loadConfig({
    MOSAIC_HOME: home,
    MOSAIC_MODEL_UPSTREAM: options.upstream,
    MOSAIC_SHUTDOWN_GRACE_SECONDS: "0",
    ...SANDBOX_UNDER_TEST,
    ...options.env,
  });
  const logger = createLogger({ name: "e2e", level: "silent", redact: (text) => text });
  const data = await openData({ config, logger });
  const app = await buildOrchestratorApp({
    config,
    version: "0.0.0",
    data,
    sandbox: await chooseSandbox(sandboxOptions(config)),
    coordinator: { url: options.coordinatorUrl, token: "x".repeat(32) },
    logger,
  });
  const { url } = await app.server.listen({ host: "127.0.0.1", port: 0 });
  await app.start(url);
  const token = (await readFile(join(home, "cli-token"), "utf8")).trim();
  return {
    client: createClient({ baseUrl: url, token, routes: orchestratorRoutes }),
    git,
    home,
    async close() {
      await app.close();
      await data.close();
      await git.dispose();
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** A server in the place of a coordinator, which answers as the test wants. */
export interface FakeCoordinator {
  readonly url: string;
  close(): void;
}

export async function startFakeCoordinator(answer: RequestListener): Promise<FakeCoordinator> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
