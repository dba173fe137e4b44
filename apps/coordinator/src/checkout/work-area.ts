import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Temporary folders of one process, below one folder that the next process can recognise as left over. */
export interface WorkArea {
  /** Where this process's folders are. */
  readonly path: string;
  /** A new, empty folder for the time of `use`; removed afterwards, whatever happens. */
  withFolder<T>(name: string, use: (folder: string) => Promise<T>): Promise<T>;
  /** Removes everything of this process. */
  close(): Promise<void>;
}

/** `<pid>-<start time of that process>`: a process id alone comes back. */
const OWNER = /^(\d+)-(\d+)$/;

/**
 * Makes this process's work area below `root`, after removing what processes that no longer live have left there.
 * @param pid of this process
 */
export async function createWorkArea(
  root: string,
  options: { pid: number; ids: () => string },
): Promise<WorkArea> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const start = await startTime(options.pid);
  await sweep(root, start);
  const owner = `${options.pid}-${start ?? "0"}`;
  // Several planes may share a process: each has an area of its own in the owner's folder.
  const path = join(root, owner, options.ids().slice(0, 8));
  await mkdir(path, { recursive: true, mode: 0o700 });
  return {
    path,
    async withFolder(name, use) {
      const folder = join(path, name);
      await mkdir(folder, { mode: 0o700 });
      try {
        return await use(folder);
      } finally {
        await removeFolder(folder);
      }
    },
    close: () => removeFolder(path),
  };
}

async function sweep(root: string, ownStart: string | null): Promise<void> {
  // Without /proc (not Linux) a living owner cannot be told from a dead one: leave everything.
  if (ownStart === null) return;
  for (const name of await readdir(root)) {
    const [, pid, start] = OWNER.exec(name) ?? [];
    if (pid === undefined || start === undefined) continue;
    if ((await startTime(Number(pid))) !== start) await removeFolder(join(root, name));
  }
}

/**
 * Removes a folder. Where Node cannot (a gate took the permissions from parts of it, or nested them beyond the longest
 * path) the system's tools can: neither follows a link below the path it is given.
 */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // What it cannot change, `rm` names.
    await execute("chmod", ["-R", "u+rwX", "--", path]).catch(() => undefined);
    await execute("rm", ["-rf", "--", path]);
  }
}

/** Start time of a process in clock ticks since boot (field 22 of /proc/pid/stat), or null when it cannot be told. */
async function startTime(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    // No such process, or no /proc at all.
    return null;
  }
}
