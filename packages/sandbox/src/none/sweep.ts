import { setTimeout as pause } from "node:timers/promises";
import { identityOf, killProcess, processesWithEnvironment, processIds, statOf } from "../process-table.ts";

const PAUSE_MS = 5;

/**
 * Kills what a host command started: its process group and session, the descendants of all of these, and whatever carries
 * the marker in its environment, again and again until a look finds nothing. A process that left its session, its parent
 * and its environment behind is not found: `none` cannot promise more.
 *
 * @param leader id of the command, which leads its own session
 * @param deadline by `performance.now()`
 * @returns ids of what is left at the deadline
 */
export async function sweep(leader: number, marker: string, deadline: number): Promise<number[]> {
  for (;;) {
    const found = related(leader, marker);
    if (found.length === 0) return [];
    for (const pid of found) {
      const identity = identityOf(pid);
      if (identity !== null) killProcess(identity);
    }
    if (performance.now() > deadline) return found;
    await pause(PAUSE_MS);
  }
}

function related(leader: number, marker: string): number[] {
  const ids = processIds();
  if (ids.length === 0) return killGroup(leader) ? [leader] : [];
  const others = ids.filter((pid) => pid !== process.pid);
  const stats = new Map(others.map((pid) => [pid, statOf(pid)] as const));
  const found = new Set(processesWithEnvironment(marker));
  for (const [pid, stat] of stats) {
    if (stat !== null && (pid === leader || stat.group === leader || stat.session === leader)) found.add(pid);
  }
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, stat] of stats) {
      if (stat !== null && found.has(stat.parent)) found.add(pid);
    }
  }
  return [...found];
}

/** Without /proc (macOS) the group is all there is. @returns whether there was one */
function killGroup(leader: number): boolean {
  try {
    process.kill(-leader, "SIGKILL");
    return true;
  } catch {
    return false; // no such group
  }
}
