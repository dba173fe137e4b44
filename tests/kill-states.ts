import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { StoredEvent } from "@mosaic/contracts";
import { processesMentioning } from "@mosaic/testing";
import { scenario, startSystem, type System } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

/** What commands that never end are recognised by: seconds nobody else sleeps. */
export const MARKER = String(400_000_000 + process.pid);

/** A scenario whose agent starts commands that never end, one of which does all it can to outlive the agent. */
async function restless(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mosaic-kill-"));
  const text = await readFile(new URL("scenarios/waits.yaml", import.meta.url), "utf8");
  await writeFile(join(folder, "waits.yaml"), text.replaceAll("3153600", MARKER));
  return folder;
}

/** A state on an agent's way in which it can be held, so that a kill meets it there. */
export interface KillState {
  readonly name: string;
  readonly upstream: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Spawns an agent and waits until it is in the state; answers with the agent to be killed. */
  readonly reach: (system: System) => Promise<string>;
  /** True for states that last only a moment: the agent may have ended when the kill comes. */
  readonly mayEnd?: true;
  /** What the receipt says about the push; by default none had begun. */
  readonly push?: "not_reached" | "reached";
}

export const KILL_STATES: readonly KillState[] = [
  { name: "queued", upstream: "waits", reach: queued },
  {
    name: "delayed for a retry",
    upstream: "waits",
    env: { MOSAIC_RETRY_BASE_MS: "3600000" },
    reach: async (system) => {
      const repository = await system.remote();
      await replaceObject(system, repository, (path) => writeFile(path, "garbage"));
      const first = await system.spawn({ repository });
      const { retriedBy } = await system.ended(first);
      if (retriedBy === undefined) throw new Error(`agent ${first} is not retried`);
      return retriedBy;
    },
  },
  {
    name: "fetching",
    upstream: "waits",
    reach: async (system) => {
      const repository = await system.remote();
      // Whoever reads a pipe that nobody writes to waits for ever: a mirror that is slow beyond patience.
      await replaceObject(system, repository, (path) => promisify(execFile)("mkfifo", [path]));
      return await atStep(system, await system.spawn({ repository }), "workspace");
    },
  },
  {
    name: "starting",
    upstream: "waits",
    reach: (system) => after(system, "workspace.dependencies"),
  },
  { name: "in a turn", upstream: "waits", reach: (system) => after(system, "transcript.tool_call") },
  {
    name: "in a turn, with 20,000 new files",
    upstream: "many-files-then-waits",
    reach: (system) => after(system, "transcript.tool_result"),
  },
  {
    name: "snapshotting",
    upstream: "many-files",
    mayEnd: true,
    reach: async (system) => atStep(system, await system.spawn(), "snapshot"),
  },
  {
    name: "scanning",
    upstream: "large-files",
    mayEnd: true,
    reach: async (system) => atStep(system, await system.spawn(), "secrets"),
  },
  {
    name: "gating",
    upstream: "repaired-at-once",
    reach: async (system) => {
      const repository = await system.remote({
        ...TINY_REPOSITORY,
        "test/sum.test.js": `import { execFileSync } from "node:child_process";\nexecFileSync("sleep", ["${MARKER}"]);\n`,
      });
      const agentId = await system.spawn({ repository, gateProfile: "minimal" });
      return await atCommand(system, agentId);
    },
  },
  {
    name: "pushing, before the remote has it",
    upstream: "repaired-at-once",
    push: "not_reached",
    reach: (system) => pushing(system, "pre-receive"),
  },
  {
    name: "pushing, after the remote has it",
    upstream: "repaired-at-once",
    push: "reached",
    reach: (system) => pushing(system, "post-receive"),
  },
  {
    name: "at completion",
    upstream: "repaired-at-once",
    push: "reached",
    mayEnd: true,
    reach: (system) => after(system, "push.verified"),
  },
];

/** A system on which the state can be reached. */
export async function startFor(
  state: Pick<KillState, "upstream" | "env">,
  env: Readonly<Record<string, string>> = {},
): Promise<System> {
  const folder = await restless();
  const upstream =
    state.upstream === "waits" ? `replay:${join(folder, "waits.yaml")}` : scenario(state.upstream);
  const system = await startSystem(upstream, { ...state.env, ...env });
  await rm(folder, { recursive: true });
  return system;
}

async function queued(system: System): Promise<string> {
  await system.client.call("pauseQueue");
  return await system.spawn();
}

async function after(system: System, type: StoredEvent["type"]): Promise<string> {
  const agentId = await system.spawn({ gateProfile: "minimal" });
  await system.seen(agentId, type);
  return agentId;
}

async function pushing(system: System, hook: string): Promise<string> {
  const repository = await system.remote();
  const file = join(repository, "hooks", hook);
  await writeFile(file, `#!/bin/sh\nexec sleep ${MARKER}\n`);
  await chmod(file, 0o755);
  const agentId = await system.spawn({ repository, gateProfile: "minimal" });
  return await atCommand(system, agentId);
}

/** Waits for a command that never ends. */
async function atCommand(system: System, agentId: string): Promise<string> {
  while ((await processesMentioning(MARKER)).length === 0) {
    const { status, error } = await system.client.call("getAgent", { params: { agentId } });
    if (status !== "spawning" && status !== "running")
      throw new Error(`agent ${agentId} ${status}: ${error}`);
  }
  return agentId;
}

/** Waits until the agent says that it is at a step, or has ended: a step may be over before anybody looks. */
async function atStep(system: System, agentId: string, step: string): Promise<string> {
  for (;;) {
    const agent = await system.client.call("getAgent", { params: { agentId } });
    if (agent.step === step || agent.completedAt !== undefined) return agentId;
  }
}

/** Makes one file of the repository's history unreadable in some way. */
async function replaceObject(
  { git }: System,
  repository: string,
  replace: (path: string) => Promise<unknown>,
): Promise<void> {
  const id = await git.git(repository, "rev-parse", "main:src/sum.js");
  const path = join(repository, "objects", id.slice(0, 2), id.slice(2));
  await rm(path, { force: true });
  await replace(path);
}

/** Everything of an agent that should be gone after a kill; empty is right. */
export async function leftOf(system: System, agentId: string): Promise<readonly string[]> {
  const folders = ["workspaces", "private", "run"];
  const names = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(system.home, folder)).catch(() => [])).map((name) => `${folder}/${name}`),
    ),
  );
  // What is being saved lies where no agent is; the process that reads it ends with that.
  const saved = await system.client.call("getAgentSalvage", { params: { agentId } });
  if (saved.agentId !== agentId) throw new Error(`the salvage of ${saved.agentId} is not ${agentId}'s`);
  const processes = await Promise.all([processesMentioning(MARKER), processesMentioning(agentId)]);
  return [
    ...names.flat().filter((name) => name.includes(agentId)),
    ...processes.flat().map((pid) => `process ${pid}`),
  ];
}
