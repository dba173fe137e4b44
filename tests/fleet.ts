import { createGitFixture, type GitFixture } from "@mosaic/testing";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentView, StoredEvent } from "@mosaic/contracts";
import { type Mosaic, startMosaic } from "../drills/mosaic-process.ts";
import { seenEvent } from "./seen-event.ts";
import { newServers, type Servers } from "./store-mode.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

/** Orchestrators as processes of their own, on one Valkey and one PostgreSQL. */
export interface Fleet {
  readonly servers: Servers;
  readonly git: GitFixture;
  readonly remote: string;
  /** Starts an orchestrator; the same name is the same data folder. */
  start(name: string, env?: Readonly<Record<string, string>>): Promise<Mosaic>;
  home(name: string): string;
  /** Spawns a task through an orchestrator; answers with the agent's id. */
  spawn(through: Mosaic, taskId: string): Promise<string>;
  close(): Promise<void>;
}

/** Short, so that a takeover does not take long. */
const SHORT = {
  MOSAIC_LEASE_SECONDS: "2",
  MOSAIC_HEARTBEAT_SECONDS: "1",
  MAX_CONCURRENT_AGENTS: "10",
  ORCHESTRATOR_QUEUE_CONCURRENCY: "4",
};

export async function startFleet(
  upstream: string,
  env: Readonly<Record<string, string>> = {},
  servers?: Servers,
): Promise<Fleet> {
  const own = servers ?? (await newServers());
  const git = await createGitFixture("mosaic-fleet-git-");
  const folder = await mkdtemp(join(tmpdir(), "mosaic-fleet-"));
  const remote = await git.remote(TINY_REPOSITORY);
  const running = new Set<Mosaic>();
  const home = (name: string): string => join(folder, name);
  return {
    servers: own,
    git,
    remote,
    home,
    async start(name, more = {}) {
      await mkdir(home(name), { recursive: true, mode: 0o700 });
      const mosaic = await startMosaic({
        home: home(name),
        upstream,
        env: { ...own.env, ...SHORT, ...env, ...more },
      });
      running.add(mosaic);
      void mosaic.ended.then(() => running.delete(mosaic));
      return mosaic;
    },
    async spawn(through, taskId) {
      const { agentId } = await through.client.call("spawnAgent", {
        body: {
          taskId,
          agentType: "worker",
          gateProfile: "minimal",
          context: { repository: remote, branch: "main", workItems: ["Make the failing test pass"] },
        },
      });
      return agentId;
    },
    async close() {
      await Promise.all([...running].map((mosaic) => mosaic.kill()));
      await own.close();
      await git.dispose();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Waits for an event of an agent, through an orchestrator; looks at what was stored before, too. */
export const seen = (
  { client }: Mosaic,
  agentId: string,
  ...types: readonly StoredEvent["type"][]
): Promise<StoredEvent> => seenEvent(client, agentId, ({ type }) => types.includes(type));

/** Waits for the end of an agent and of those that retry it; answers with all of them, first to last. */
export async function attemptsOf(through: Mosaic, agentId: string): Promise<readonly AgentView[]> {
  const attempts: AgentView[] = [];
  for (let next: string | undefined = agentId; next !== undefined;) {
    await seen(through, next, "agent.completed", "agent.failed", "agent.killed");
    const agent: AgentView = await through.client.call("getAgent", { params: { agentId: next } });
    attempts.push(agent);
    next = agent.retriedBy;
  }
  return attempts;
}

/** Branches the agents pushed. */
export async function pushedBranches({ git, remote }: Fleet): Promise<readonly string[]> {
  const names = await git.git(remote, "for-each-ref", "--format=%(refname:short)", "refs/heads/mosaic");
  return names.split("\n").filter((name) => name !== "");
}
