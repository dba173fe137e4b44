import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGitFixture, type FixtureFiles, type GitFixture } from "@mosaic/testing";
import { type Mosaic, startMosaic } from "../drills/mosaic-process.ts";
import { newServers, type Servers } from "../tests/store-mode.ts";
import { TINY_REPOSITORY } from "../tests/tiny-repository.ts";
import type { Scale } from "./scale.ts";

/** Stands for a compiler or a bundler: half a second of the processor. */
const REPOSITORY: FixtureFiles = {
  ...TINY_REPOSITORY,
  "build.js": [
    "const spent = () => Object.values(process.cpuUsage()).reduce((sum, part) => sum + part);",
    "while (spent() < 500_000) for (let n = 0; n < 1_000_000; n += 1);",
    "",
  ].join("\n"),
};

/** An installation in processes of its own, on a new repository. */
export interface Installation {
  readonly orchestrators: readonly Mosaic[];
  /** Null when it is embedded. */
  readonly servers: Servers | null;
  readonly git: GitFixture;
  readonly remote: string;
  close(): Promise<void>;
}

/** As people start it: every setting is the default, but for the number of agents, and the sandbox that is everywhere. */
function settings({ agents, orchestrators }: Scale, modelUrl: string): Record<string, string> {
  return {
    SANDBOX_RUNTIME: "bubblewrap",
    MOSAIC_MODEL_UPSTREAM: "anthropic",
    ANTHROPIC_BASE_URL: modelUrl,
    CLAUDE_API_KEY: "load-test",
    MAX_CONCURRENT_AGENTS: String(agents),
    ORCHESTRATOR_QUEUE_CONCURRENCY: String(Math.ceil(agents / orchestrators)),
    MOSAIC_MODEL_CONCURRENCY: String(agents),
  };
}

export async function startInstallation(scale: Scale, modelUrl: string): Promise<Installation> {
  const ends = new AsyncDisposableStack();
  try {
    const servers = scale.mode === "distributed" ? await newServers({ alone: true }) : null;
    if (servers !== null) ends.defer(() => servers.close());
    const git = await createGitFixture("mosaic-load-git-");
    ends.defer(() => git.dispose());
    const folder = await mkdtemp(join(tmpdir(), "mosaic-load-"));
    ends.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
    const remote = await git.remote(REPOSITORY);
    const env = { ...servers?.env, ...settings(scale, modelUrl) };
    const start = async (index: number): Promise<Mosaic> => {
      const home = join(folder, `orchestrator-${index}`);
      await mkdir(home, { mode: 0o700 });
      const mosaic = await startMosaic({ home, upstream: "anthropic", env });
      ends.defer(() => mosaic.stop());
      return mosaic;
    };
    const orchestrators: Mosaic[] = [];
    for (let index = 0; index < scale.orchestrators; index += 1) orchestrators.push(await start(index));
    return { orchestrators, servers, git, remote, close: () => ends.disposeAsync() };
  } catch (error) {
    await ends.disposeAsync();
    throw error;
  }
}
