import { writeFile } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import type { ControlGroup } from "../cgroup/groups.ts";
import { SandboxError, type SandboxExit, type SandboxSpec } from "../port.ts";
import { isAlive } from "../process-table.ts";
import type { Host } from "./host.ts";
import { childrenOf, type Init } from "./init.ts";
import { boundIds } from "./other-limits.ts";
import type { Processors } from "./processors.ts";
import type { Excess, Watcher } from "../watch/watcher.ts";

/** What holds one sandbox to its limits, each by the best means that there is. */
export interface Enclosure {
  /** Words before bwrap's own on the command line it is started with. */
  readonly prefix: readonly string[];
  /** The limit of processes that the command sets itself, where the kernel counts them for each sandbox. */
  readonly ownProcesses: number | null;
  /**
   * Puts init and the command, which waits and so cannot make others meanwhile, under the limits.
   *
   * @param onExcess called when a watched limit was passed: kills the sandbox
   * @throws SandboxError when they cannot be put there
   */
  admit(init: Init, onExcess: () => void): Promise<void>;
  /**
   * The kernel ends a namespace in the time of its init and of each process in it, which a thousand busy ones on a busy
   * host leave little of: seconds, unless init goes first and no quota holds it up.
   */
  hurry(init: Init): Promise<void>;
  /** Gives everything up after the end, and says what ran out. */
  leave(): Promise<Pick<SandboxExit, "outOfMemory" | "outOfProcesses">>;
}

export interface EnclosureOptions {
  readonly host: Host;
  readonly processors: Processors;
  readonly watcher: Watcher;
}

/** When the host itself runs out of memory, what is in sandboxes is ended before anything else. */
const FIRST_TO_GO = "1000";

/** @throws SandboxError when a limit that the kernel keeps here cannot be set */
export async function enclose(spec: SandboxSpec, options: EnclosureOptions): Promise<Enclosure> {
  const { groups, taskset, countsPerSandbox } = options.host;
  const group = await makeGroup(spec, options.host);
  const held = groups?.held ?? {};
  const memoryBytes = spec.limits.memoryMb * 1024 * 1024;
  const share = held.cpu === undefined && taskset !== null ? options.processors.take(spec.limits.cpus) : null;
  const countsAlone = held.pids === undefined && countsPerSandbox;
  const watched = {
    ...(held.memory === undefined ? { memoryBytes } : {}),
    ...(held.pids === undefined && !countsPerSandbox ? { processes: spec.limits.processes } : {}),
    ...(held.pids === undefined ? {} : { refusals: group?.refusals ?? null }),
  };
  let unwatch: () => void = () => undefined;
  let passed: Excess | null = null;

  return {
    prefix: share === null || taskset === null ? [] : [taskset, "--cpu-list", share.processors.join(",")],
    ownProcesses: countsAlone ? spec.limits.processes : null,
    async admit(init, onExcess) {
      for (const pid of [init.process.pid, ...childrenOf(init.process.pid)]) {
        await admitOne(pid, group).catch((error: unknown) => {
          if (isAlive(init.process)) throw notUnderLimits(spec, error);
        });
      }
      if ("processes" in watched) await boundIds(init.process.pid, watched.processes);
      if (Object.keys(watched).length === 0) return;
      unwatch = options.watcher.watch({
        ...watched,
        init: init.process.pid,
        onExcess: (limit) => {
          passed = limit;
          onExcess();
        },
      });
    },
    async hurry(init) {
      goFirst(init.process.pid);
      // A group that is gone holds up nobody.
      await group?.lift("cpu").catch(() => undefined);
    },
    async leave() {
      unwatch();
      share?.release();
      const ranOut = group !== null && (await leaveGroup(group));
      return { outOfMemory: ranOut || passed === "memory", outOfProcesses: passed === "processes" };
    },
  };
}

async function makeGroup(spec: SandboxSpec, { groups }: Host): Promise<ControlGroup | null> {
  if (groups === null) return null;
  const { memoryMb, processes, cpus } = spec.limits;
  try {
    return await groups.create(spec.id, { memoryBytes: memoryMb * 1024 * 1024, processes, cpus });
  } catch (error) {
    throw notUnderLimits(spec, error);
  }
}

async function admitOne(pid: number, group: ControlGroup | null): Promise<void> {
  await group?.add(pid);
  await writeFile(`/proc/${String(pid)}/oom_score_adj`, FIRST_TO_GO);
}

function goFirst(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_HIGHEST);
  } catch {
    // only root may, or it has ended: it waits for its turn
  }
}

async function leaveGroup(group: ControlGroup): Promise<boolean> {
  const outOfMemory = await group.outOfMemory().catch(() => false);
  // An empty folder that cannot be removed limits nothing; the next start of Mosaic removes it.
  await group.remove().catch(() => undefined);
  return outOfMemory;
}

function notUnderLimits(spec: SandboxSpec, cause: unknown): SandboxError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SandboxError(`sandbox '${spec.id}' cannot be put under its limits: ${why}`, { cause });
}
