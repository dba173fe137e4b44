import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { text } from "node:stream/consumers";
import { isMainThread } from "node:worker_threads";
import type { ControlGroup, ControlGroups } from "../cgroup/groups.ts";
import { resolveMounts } from "../mount-sources.ts";
import { SandboxError, type Sandbox, type SandboxProcess, type SandboxSpec } from "../port.ts";
import { isAlive } from "../process-table.ts";
import { checkSpec } from "../spec-checks.ts";
import { inspectHost, type Host } from "./host.ts";
import { childrenOf } from "./init.ts";
import { launch, ready, type Launch } from "./launch.ts";
import { probe } from "./probe.ts";
import { runningSandbox, type Running } from "./running.ts";

const BWRAP_PATHS = ["/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"];

export interface BubblewrapOptions {
  /** Absolute path of bwrap. Default: the first in /usr/bin, /bin, /usr/local/bin. */
  readonly bwrapPath?: string;
  /** Folder where control groups are mounted. Default /sys/fs/cgroup. */
  readonly cgroupRoot?: string;
}

export interface BubblewrapSandbox extends Sandbox {
  readonly name: "bubblewrap";
  /** Whether `memoryMb` is enforced here. */
  memoryLimit(): Promise<"cgroup" | "none">;
}

/**
 * Sandboxes by bubblewrap: own user, PID, network, IPC, UTS, mount and cgroup namespaces, uid 1000 without
 * capabilities, nothing of the host but /usr read-only, a made /etc and what is mounted. All die with this process
 * (the parent-death signal follows the thread that starts them, hence the main thread only).
 */
export function createBubblewrapSandbox(options: BubblewrapOptions = {}): BubblewrapSandbox {
  const bwrapPath =
    options.bwrapPath ?? BWRAP_PATHS.find((candidate) => existsSync(candidate)) ?? "/usr/bin/bwrap";
  const homes = [...new Set([homedir(), userInfo().homedir, "/root", "/home"])];
  const live = new Map<string, SandboxProcess>();
  /** Ids of sandboxes on their way into `live`. */
  const taken = new Set<string>();
  let found: Promise<Host> | null = null;
  const host = async () => {
    found ??= inspectHost(bwrapPath, options.cgroupRoot ?? "/sys/fs/cgroup").catch((error: unknown) => {
      found = null; // looked at again next time: it may be installed by then
      throw error;
    });
    return await found;
  };

  const startReserved = async (spec: SandboxSpec): Promise<SandboxProcess> => {
    const mounts = await resolveMounts(spec, homes);
    const { features, seccomp, groups, inheritable } = await host();
    const group = await enclose(spec, groups);
    const launched = launch(spec, { bwrapPath, mounts, features, seccomp, inheritable });
    const running = runningSandbox(spec, launched, { group, onEnd: () => live.delete(spec.id) });
    live.set(spec.id, running.process);
    try {
      await release(spec, { launched, running, group });
    } catch (error) {
      await running.process.kill();
      throw error;
    }
    return running.process;
  };

  const start = async (spec: SandboxSpec): Promise<SandboxProcess> => {
    if (!isMainThread)
      throw new SandboxError("start sandboxes from the main thread: they die with the starting thread");
    checkSpec(spec);
    if (taken.has(spec.id) || live.has(spec.id))
      throw new SandboxError(`there is a sandbox '${spec.id}' already`);
    taken.add(spec.id);
    return await startReserved(spec).finally(() => taken.delete(spec.id));
  };

  const sandbox: BubblewrapSandbox = {
    name: "bubblewrap",
    isolates: true,
    takesImages: false,
    heldLimits: async () => {
      const keeper = (await host()).groups === null ? "none" : "kernel";
      return { memory: keeper, processes: keeper, cpus: "none" };
    },
    removeOrphans: async () => await Promise.resolve([]),
    probe: async () => await probe(sandbox, host),
    start,
    resolve: (_spec, insidePath) => insidePath,
    list: () => [...live.values()],
    memoryLimit: async () => ((await host()).groups === null ? "none" : "cgroup"),
  };
  return sandbox;
}

/** The control group for a sandbox's limits, or null where there are none. */
async function enclose(spec: SandboxSpec, groups: ControlGroups | null): Promise<ControlGroup | null> {
  if (groups === null) return null;
  try {
    const { memoryMb, processes } = spec.limits;
    return await groups.create(spec.id, { memoryBytes: memoryMb * 1024 * 1024, processes });
  } catch (error) {
    throw noGroup(spec, error);
  }
}

function noGroup(spec: SandboxSpec, cause: unknown): SandboxError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SandboxError(`sandbox '${spec.id}' cannot be put under its memory limit: ${why}`, { cause });
}

interface Release {
  readonly launched: Launch;
  readonly running: Running;
  readonly group: ControlGroup | null;
}

/** Waits until a launched sandbox is set up, puts it under its limits, and lets its command run. */
async function release(spec: SandboxSpec, { launched, running, group }: Release): Promise<void> {
  if (!(await ready(launched.gate))) throw await whyNotReady(spec, launched, running);
  const init = running.init();
  if (init === null) {
    launched.child.kill("SIGKILL"); // whatever it is, it is no bwrap that works
    throw new SandboxError(`sandbox '${spec.id}' has no PID namespace of its own`);
  }
  // Init and the command, which waits and so cannot make others meanwhile.
  for (const pid of [init.process.pid, ...childrenOf(init.process.pid)]) {
    await group?.add(pid).catch((error: unknown) => {
      if (isAlive(init.process)) throw noGroup(spec, error);
    });
  }
  launched.gate.end("go\n");
}

async function whyNotReady(spec: SandboxSpec, launched: Launch, running: Running): Promise<SandboxError> {
  await launched.ended;
  if (running.killed()) return new SandboxError(`sandbox '${spec.id}' was killed while it started`);
  const said = (await text(launched.stderr)).trim();
  return new SandboxError(
    `sandbox '${spec.id}' could not be set up: ${said === "" ? "bwrap gave no reason" : said}`,
  );
}
