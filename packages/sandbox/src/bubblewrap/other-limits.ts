import { execFile } from "node:child_process";
import { release } from "node:os";
import { promisify } from "node:util";
import { ownProcessors } from "./processors.ts";
import { seccompFilter } from "./seccomp.ts";

// Limits without control groups. Of the resource limits none holds memory: RLIMIT_DATA and RLIMIT_AS count what is
// reserved, and V8 reserves half a gigabyte of address space for each thread that runs JavaScript.

const run = promisify(execFile);
const TRIAL_MS = 5_000;

/**
 * The program that binds a process to processors, if that holds here: the filter keeps what is bound from changing it.
 * Tried out.
 */
export async function findTaskset(): Promise<string | null> {
  if (seccompFilter(process.arch) === null) return null;
  const [first = 0] = ownProcessors();
  for (const program of ["/usr/bin/taskset", "/bin/taskset"]) {
    try {
      await run(program, ["--cpu-list", String(first), "true"], { timeout: TRIAL_MS });
      return program;
    } catch {
      // not there, or not allowed: the answer of the trial
    }
  }
  return null;
}

/** Since Linux 5.14 (`d64696905554`) RLIMIT_NPROC counts the processes of a user in one user namespace; before, everywhere. */
const COUNTS_SINCE = [5, 14] as const;
/** Since Linux 6.14 (`7863dcc72d0f`) each PID namespace has its own `kernel.pid_max`; before, there is but one, the host's. */
const IDS_SINCE = [6, 14] as const;

function isLinux([sinceMajor, sinceMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}

/** The kernel gives these no second time (`RESERVED_PIDS`), so that so many more are needed. */
const RESERVED_IDS = 300;

/**
 * Leaves a PID namespace so few process ids that a fork bomb comes to an end before the next look of a watcher, who may
 * come late because of it. Where the kernel or our rights do not allow that, the watcher is all there is.
 *
 * @param init process 1 of the namespace, before anything of the sandbox runs
 */
export async function boundIds(init: number, processes: number): Promise<void> {
  if (process.getuid?.() !== 0 || !isLinux(IDS_SINCE)) return;
  const most = String(processes + RESERVED_IDS);
  const write = `echo ${most} > /proc/sys/kernel/pid_max`;
  const args = ["--target", String(init), "--pid", "/bin/sh", "-c", write];
  await run("nsenter", args, { timeout: TRIAL_MS }).catch(() => undefined);
}

/** Fails where it holds: a limit of one leaves no room for a child. dash and busybox call it -p, bash -u. */
const TRIAL = "{ ulimit -u 1 || ulimit -p 1; } 2>/dev/null || exit 0; ( : )";

/** Whether a sandbox's own limit of processes holds: the kernel does not count what belongs to root. Tried out. */
export async function countsPerSandbox(bwrapPath: string): Promise<boolean> {
  if (!isLinux(COUNTS_SINCE)) return false;
  const walls = [
    "--unshare-user",
    "--unshare-pid",
    "--die-with-parent",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
  ];
  try {
    await run(bwrapPath, [...walls, "/bin/sh", "-c", TRIAL], { timeout: TRIAL_MS });
    return false;
  } catch {
    return await runsAtAll(bwrapPath, walls);
  }
}

async function runsAtAll(bwrapPath: string, walls: readonly string[]): Promise<boolean> {
  try {
    await run(bwrapPath, [...walls, "/bin/sh", "-c", "( : )"], { timeout: TRIAL_MS });
    return true;
  } catch {
    return false;
  }
}
