import { readFileSync } from "node:fs";

/**
 * So many refusals within this time (milliseconds) are no program that met its limit: it does nothing else. A refused
 * process costs the kernel as much as one that is made (the group is asked last), and all of that holds the locks of
 * the programs' files, which the host's own processes wait for: three bombs of 1,024 stopped a machine for 90 seconds.
 */
const STORM = 500;
const WITHIN_MS = 10_000;

/**
 * Looks whether a control group's processes try again and again to be more than they may.
 *
 * @param file the group's `pids.events`; one that is not there tells of nothing
 * @returns to be called at every look: whether there is such a storm
 */
export function refusedForks(file: string): () => boolean {
  let since = performance.now();
  let before = countIn(file);
  return () => {
    const count = countIn(file);
    if (count - before >= STORM) return true;
    const now = performance.now();
    if (now - since > WITHIN_MS) [since, before] = [now, count];
    return false;
  };
}

/** Kernel: `admin-guide/cgroup-v1/pids.rst`, `admin-guide/cgroup-v2.rst`. */
function countIn(file: string): number {
  try {
    return Number(/^max (\d+)$/m.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // the group is gone, or the kernel is older than the file
  }
}
