import { execFile } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Client, createClient } from "@mosaic/client";
import { loadConfig } from "@mosaic/config";
import {
  type AgentView,
  orchestratorRoutes,
  type SpawnOptions,
  type SpawnRequest,
  type StoredEvent,
} from "@mosaic/contracts";
import { createLogger } from "@mosaic/telemetry";
import { createGitFixture, type FixtureFiles, type GitFixture } from "@mosaic/testing";
import { startPlanes } from "../apps/cli/src/up/planes.ts";
import { SANDBOX_UNDER_TEST } from "./sandbox-under-test.ts";
import { seenEvent } from "./seen-event.ts";
import { newStore } from "./store-mode.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

export type OrchestratorClient = Client<typeof orchestratorRoutes>;
type GateProfile = NonNullable<SpawnRequest["gateProfile"]>;

interface SpawnWish {
  readonly taskId?: string;
  readonly repository?: string;
  readonly gateProfile?: GateProfile;
  readonly options?: SpawnOptions;
  /** One of `GET /runtimes`. */
  readonly runtime?: string;
  readonly skills?: readonly string[];
  /** What to do; `[scenario: name]` in it chooses what the scripted model answers. */
  readonly workItem?: string;
}

/** The whole of Mosaic in this process, over real HTTP, git, files and sandboxes; only the model is scripted. */
export interface System {
  readonly url: string;
  readonly coordinatorUrl: string;
  readonly token: string;
  readonly home: string;
  readonly client: OrchestratorClient;
  readonly git: GitFixture;
  /** A new bare remote with the tiny repository, or other files. */
  remote(files?: FixtureFiles): Promise<string>;
  /** Spawns a worker on the tiny repository; answers with the agent's id. */
  spawn(wish?: SpawnWish): Promise<string>;
  /** Waits for the event that ends the agent. */
  ended(agentId: string): Promise<AgentView>;
  /** Waits for an event; looks at what was stored before, too. */
  seen(agentId: string, type: StoredEvent["type"]): Promise<StoredEvent>;
  /** Everything that was stored about an agent. */
  events(agentId: string): Promise<readonly StoredEvent[]>;
  close(): Promise<void>;
}

/** A scenario of this folder, as MOSAIC_MODEL_UPSTREAM names it. */
export function scenario(name: string): string {
  return `replay:${fileURLToPath(new URL(`scenarios/${name}.yaml`, import.meta.url))}`;
}

let taskNumber = 0;

export async function startSystem(
  upstream: string,
  env: Readonly<Record<string, string>> = {},
  network?: NonNullable<Parameters<typeof startPlanes>[0]["network"]>,
): Promise<System> {
  const home = await mkdtemp(join(tmpdir(), "mosaic-e2e-"));
  const git = await createGitFixture("mosaic-e2e-git-");
  // Whoever brings servers keeps them.
  const store = env["VALKEY_URL"] === undefined ? await newStore() : null;
  const config = loadConfig({
    ...store?.env,
    ...SANDBOX_UNDER_TEST,
    MOSAIC_HOME: home,
    ORCHESTRATOR_PORT: "0",
    COORDINATOR_PORT: "0",
    API_PORT: "0",
    MOSAIC_MODEL_UPSTREAM: upstream,
    MOSAIC_RETRY_BASE_MS: "1",
    MOSAIC_SHUTDOWN_GRACE_SECONDS: "0",
    // Tests look again and again until something has come about.
    MOSAIC_RATE_LIMIT: "1000000",
    ...env,
  });
  const planes = await startPlanes({
    config,
    ...(network === undefined ? {} : { network }),
    logger: createLogger({
      name: "e2e",
      level: (process.env["E2E_LOG"] as "debug") ?? "silent",
      redact: (text) => text,
    }),
  });
  const token = config.adminToken ?? (await readFile(join(home, "cli-token"), "utf8")).trim();
  const client = createClient({ baseUrl: planes.orchestrator.url, token, routes: orchestratorRoutes });
  let standard: Promise<string> | null = null;

  const seen = (agentId: string, wanted: (event: StoredEvent) => boolean): Promise<StoredEvent> =>
    seenEvent(client, agentId, wanted);
  return {
    url: planes.orchestrator.url,
    coordinatorUrl: planes.coordinator.url,
    token,
    home,
    client,
    git,
    remote: (files = TINY_REPOSITORY) => git.remote(files),
    async spawn(wish = {}) {
      taskNumber += 1;
      const { agentId } = await client.call("spawnAgent", {
        body: {
          taskId: wish.taskId ?? `task-${taskNumber}`,
          agentType: "worker",
          ...(wish.gateProfile === undefined ? {} : { gateProfile: wish.gateProfile }),
          context: {
            repository: wish.repository ?? (await (standard ??= git.remote(TINY_REPOSITORY))),
            branch: "main",
            workItems: [wish.workItem ?? "Make the failing test pass"],
            ...(wish.runtime === undefined ? {} : { runtime: wish.runtime }),
            ...(wish.skills === undefined ? {} : { skills: [...wish.skills] }),
          },
          ...(wish.options === undefined ? {} : { options: wish.options }),
        },
      });
      return agentId;
    },
    async ended(agentId) {
      const ends = new Set(["agent.completed", "agent.failed", "agent.killed"]);
      await seen(agentId, (event) => ends.has(event.type));
      return client.call("getAgent", { params: { agentId } });
    },
    seen: (agentId, type) => seen(agentId, (event) => event.type === type),
    async events(agentId) {
      const page = await client.call("listAgentEvents", { params: { agentId }, query: { limit: 1000 } });
      return page.items as readonly StoredEvent[];
    },
    async close() {
      await planes.close();
      await store?.close();
      await git.dispose();
      // Hostile trees are nested deeper than Node can remove them.
      await promisify(execFile)("rm", ["-rf", "--", home]);
    },
  };
}
