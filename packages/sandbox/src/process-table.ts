import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process as it can be told from a later one with the same id: by the clock tick it was started at. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly startTime: string;
}

/** What the kernel answers about a process that is gone, or hidden from us. */
const GONE = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM"]);

/** @throws any other error: a machine without a descriptor or memory to spare says nothing about the process */
function goneOrThrow(error: unknown): null {
  if (GONE.has((error as NodeJS.ErrnoException).code ?? "")) return null;
  throw error;
}

/** `/proc/<pid>/stat`, or null when there is no such process (a zombie counts as none: it can do nothing any more). */
export function statOf(pid: number): Stat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
  } catch (error) {
    return goneOrThrow(error);
  }
  // The second field is the name in brackets, which may itself hold brackets and spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state = "", parent, group, session] = fields;
  if (state === "Z" || state === "X") return null;
  return {
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startTime: fields[19] ?? "",
  };
}

export function identityOf(pid: number): ProcessIdentity | null {
  const stat = statOf(pid);
  return stat === null ? null : { pid, startTime: stat.startTime };
}

export function isAlive(process: ProcessIdentity): boolean {
  return statOf(process.pid)?.startTime === process.startTime;
}

/** SIGKILL, unless the id belongs to another process by now. */
export function killProcess(target: ProcessIdentity): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Ids of all processes that can be seen; empty where there is no /proc. */
export function processIds(): number[] {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch (error) {
    return goneOrThrow(error) ?? [];
  }
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** A process's PID namespace as `pid:[inode]`, or null when it is gone or may not be looked at. */
export function pidNamespaceOf(pid: number | "self"): string | null {
  try {
    return readlinkSync(`/proc/${String(pid)}/ns/pid`);
  } catch (error) {
    return goneOrThrow(error);
  }
}

/** A process's control groups, a line each (the text of /proc/<pid>/cgroup), or null when it is gone or hidden from us. */
export function controlGroupsOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${String(pid)}/cgroup`, "utf8");
  } catch (error) {
    return goneOrThrow(error);
  }
}

/** Living processes with exactly this `NAME=value` in the environment they were started with. */
export function processesWithEnvironment(entry: string): number[] {
  return processIds().filter((pid) => {
    try {
      const environment = readFileSync(`/proc/${String(pid)}/environ`, "latin1");
      return `\0${environment}`.includes(`\0${entry}\0`) && statOf(pid) !== null;
    } catch (error) {
      return goneOrThrow(error) ?? false;
    }
  });
}
