import { readFile } from "node:fs/promises";

/** Whether a process is stopped (SIGSTOP). Linux only. */
export async function isStopped(pid: number): Promise<boolean> {
  return /^State:\s+T/m.test(await readFile(`/proc/${pid}/status`, "utf8"));
}

export function stop(pid: number): void {
  process.kill(pid, "SIGSTOP");
}

export function resume(pid: number): void {
  process.kill(pid, "SIGCONT");
}
