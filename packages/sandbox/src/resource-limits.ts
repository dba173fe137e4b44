import { readFileSync } from "node:fs";
import type { SandboxLimits } from "./port.ts";

/** Shell text that sets a process's own limits, and fails if it cannot. POSIX counts `ulimit -f` in blocks of 512 bytes. */
export function limitsScript(limits: SandboxLimits): string {
  const blocks = Math.ceil(limits.fileBytes / 512);
  return `ulimit -c 0 && ulimit -n ${String(allowedOpenFiles(limits.openFiles))} && ulimit -f ${String(blocks)}`;
}

/** Only root may raise the hard limit, which a sandbox's processes are not. */
function allowedOpenFiles(wanted: number): number {
  let limits: string;
  try {
    limits = readFileSync("/proc/self/limits", "utf8");
  } catch {
    return wanted; // no /proc on this system
  }
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  return hard === undefined ? wanted : Math.min(wanted, Number(hard));
}
