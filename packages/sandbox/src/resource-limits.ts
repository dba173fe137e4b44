import type { SandboxLimits } from "./port.ts";
import { readText } from "./read-text.ts";

/** Shell text that sets a process's own limits, and fails if it cannot. POSIX counts `ulimit -f` in blocks of 512 bytes. */
export function limitsScript(limits: SandboxLimits): string {
  const blocks = Math.ceil(limits.fileBytes / 512);
  return `ulimit -c 0 && ulimit -n ${String(allowedOpenFiles(limits.openFiles))} && ulimit -f ${String(blocks)}`;
}

/**
 * RLIMIT_NPROC that limits nothing: as many as this host can number. It counts all processes of a user, those of other
 * sandboxes included, and so is no limit for one of them.
 */
export function allowedProcesses(): number {
  const most = Number(readText("/proc/sys/kernel/pid_max") ?? "32768");
  return Math.min(most, hardLimit("Max processes"));
}

/** Only root may raise the hard limit, which a sandbox's processes are not. */
const allowedOpenFiles = (wanted: number): number => Math.min(wanted, hardLimit("Max open files"));

/** This process's own, by its name in /proc/self/limits. */
function hardLimit(name: string): number {
  const hard = new RegExp(`^${name}\\s+\\S+\\s+(\\d+)`, "m").exec(readText("/proc/self/limits") ?? "")?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
}
