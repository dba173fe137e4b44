import { parseRepository, type Repository } from "@mosaic/domain";
import { createGit, createRemotes, type Git, type RemotesOptions } from "@mosaic/git";
import { collect, createBubblewrapSandbox, type Sandbox } from "@mosaic/sandbox";
import { createGitFixture, type FixtureFiles, type GitFixture } from "@mosaic/testing";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { WorkspaceLimits } from "../../src/git/context.ts";
import { createWorkspaces } from "../../src/git/create-workspaces.ts";
import type { Snapshot, Workspace, Workspaces } from "../../src/git/port.ts";

export const AT = "2026-03-04T05:06:07.890Z";

/** Workspaces over a real remote, real git and a real sandbox, in a temporary folder. */
export interface Bench {
  readonly fixture: GitFixture;
  readonly dataDir: string;
  readonly git: Git;
  readonly sandbox: Sandbox;
  readonly workspaces: Workspaces;
  /** Path of the remote, and how callers name it. */
  readonly remote: string;
  readonly repository: Repository;
  /** A workspace on `main` for a new agent. */
  open(taskId?: string, signal?: AbortSignal): Promise<Workspace>;
  /** Runs a shell script as the agent would; answers with what it printed. */
  asAgent(workspace: Workspace, script: string): Promise<string>;
  snapshot(workspace: Workspace, sequence?: number, signal?: AbortSignal): Promise<Snapshot>;
  /** Another process on the same data folder. */
  reopened(): Promise<Workspaces>;
  /** What the mirror says, by plain git. */
  mirror(workspace: Workspace, ...args: string[]): Promise<string>;
  dispose(): Promise<void>;
}

export interface BenchOptions {
  readonly files?: FixtureFiles;
  /** Default: a folder of the fixture. */
  readonly dataDir?: string;
  readonly sandbox?: Sandbox;
  readonly limits?: Partial<WorkspaceLimits>;
  readonly remotes?: Partial<RemotesOptions>;
  /** Stands before git: what a test wants to see or to break. */
  readonly wrapGit?: (git: Git) => Git;
}

export async function createBench(options: BenchOptions = {}): Promise<Bench> {
  const fixture = await createGitFixture("mosaic-workspaces-");
  const dataDir = options.dataDir ?? join(fixture.folder, "data");
  const sandbox = options.sandbox ?? createBubblewrapSandbox();
  const plain = createGit({ home: join(dataDir, "git-home") });
  const git = options.wrapGit?.(plain) ?? plain;
  const make = (): Promise<Workspaces> =>
    createWorkspaces({
      dataDir,
      git,
      remotes: createRemotes({ allowPrivate: false, ...options.remotes }),
      sandbox,
      identity: { name: "Mosaic Agent", email: "agent@example.com" },
      now: () => new Date(AT),
      newId: randomUUID,
      limits: { readBackPausesMs: [0, 0], ...options.limits },
    });
  const workspaces = await make();
  const remote = await fixture.remote(options.files ?? { "README.md": "hello\n", "src/a.txt": "one\ntwo\n" });
  const repository = parseRepository(remote) as Repository;
  return {
    fixture,
    dataDir,
    git,
    sandbox,
    workspaces,
    remote,
    repository,
    open: (taskId = "TASK-1", signal) =>
      workspaces.create({ repository, baseBranch: "main", agentId: randomUUID(), taskId }, signal),
    asAgent: (workspace, script) => runAsAgent(sandbox, workspace, script),
    snapshot: (workspace, sequence = 1, signal) =>
      workspaces.snapshot(workspace, { subject: "Do it", body: "Because.", sequence, at: AT }, signal),
    reopened: make,
    mirror: (workspace, ...args) => fixture.git(workspace.mirror, ...args),
    dispose: async () => {
      await workspaces.close();
      await fixture.dispose();
    },
  };
}

async function runAsAgent(sandbox: Sandbox, workspace: Workspace, script: string): Promise<string> {
  const id = randomUUID();
  const started = await sandbox.start({
    id,
    label: `agent:${workspace.agentId}`,
    command: ["/bin/sh", "-euc", script],
    env: { PATH: "/usr/bin:/bin", HOME: "/tmp", ...workspace.env },
    cwd: "/tree",
    mounts: workspace.mounts,
    scratch: [],
    limits: { memoryMb: 512, fileBytes: 1 << 28, openFiles: 512, tmpBytes: 1 << 24, processes: 256, cpus: 1 },
  });
  const { code, stdout, stderr } = await collect(started, { maxBytes: 1 << 20, timeoutMs: 30_000 });
  if (code !== 0) throw new Error(`the script ended with ${code ?? "a kill"}: ${stderr.toString()}`);
  return stdout.toString();
}
