import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { findControlGroups, type ControlGroups } from "../cgroup/groups.ts";
import { SandboxError } from "../port.ts";
import type { Features } from "./arguments.ts";
import { countsPerSandbox, findTaskset } from "./other-limits.ts";
import { seccompFilter } from "./seccomp.ts";

/** What is found out once about the host. */
export interface Host {
  readonly version: string;
  readonly features: Features;
  readonly seccomp: Buffer | null;
  readonly groups: ControlGroups | null;
  /** Path of the program that binds to processors; null where that cannot be made to hold. */
  readonly taskset: string | null;
  /** Whether a process's own limit of processes counts those of its sandbox alone, and is kept. */
  readonly countsPerSandbox: boolean;
  readonly inheritable: readonly number[];
}

/** @throws SandboxError when bwrap cannot be run */
export async function inspectHost(bwrapPath: string, cgroupRoot: string | null): Promise<Host> {
  const run = promisify(execFile);
  let version: string;
  let help: string;
  try {
    version = (await run(bwrapPath, ["--version"])).stdout.trim();
    help = (await run(bwrapPath, ["--help"])).stdout;
  } catch (error) {
    throw new SandboxError(`${bwrapPath} cannot be run; install bubblewrap (apt-get install bubblewrap)`, {
      cause: error,
    });
  }
  const groups =
    cgroupRoot === null
      ? null
      : await findControlGroups(cgroupRoot, await readFile("/proc/self/cgroup", "utf8"));
  const hiddenMemory = groups?.held.memory === undefined;
  const taskset = groups?.held.cpu === undefined ? await findTaskset() : null;
  const otherProcessors = taskset !== null;
  return {
    version,
    features: { disableUserns: help.includes("--disable-userns"), size: help.includes("--size ") },
    seccomp: seccompFilter(process.arch, { hiddenMemory, otherProcessors }),
    groups,
    taskset,
    countsPerSandbox: groups?.held.pids === undefined && (await countsPerSandbox(bwrapPath)),
    inheritable: inheritableDescriptors(),
  };
}

/** Descriptors without the close-on-exec flag (02000000 in fdinfo), beyond stdin, stdout and stderr. */
function inheritableDescriptors(): readonly number[] {
  return readdirSync("/proc/self/fdinfo")
    .map(Number)
    .filter((fd) => {
      if (fd <= 2) return false;
      try {
        const flags =
          /^flags:\s+0(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${String(fd)}`, "utf8"))?.[1] ?? "0";
        return (Number.parseInt(flags, 8) & 0o2_000_000) === 0;
      } catch {
        return false; // the descriptor of the folder being read, closed by now
      }
    });
}
