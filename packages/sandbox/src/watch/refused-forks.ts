import path from "node:path";
import { readText } from "../read-text.ts";

/**
 * So many refusals in a stretch of this time (milliseconds) are no program that met its limit: it does nothing else. A refused
 * process costs the kernel as much as one that is made (the group is asked last), and all of that holds the locks of
 * the programs' files, which the host's own processes wait for: three bombs of 1,024 stopped a machine for 90 seconds.
 */
const STORM = 500;
const WITHIN_MS = 10_000;

/** Part of its limit that a group which is full has at the least: some end while others are counted. */
const NEARLY = 0.9;

/**
 * Looks whether a control group's processes try again and again to be more than they may.
 *
 * @param file the group's `pids.events`; one that is not there tells of nothing
 * @returns to be called at every look: whether there is such a storm
 */
export function refusedForks(file: string): () => boolean {
  let since = performance.now();
  let count = countIn(file) ?? 0;
  let before = count;
  return () => {
    count = countIn(file) ?? count;
    if (count - before >= STORM && isFull(path.dirname(file))) return true;
    const now = performance.now();
    if (now - since > WITHIN_MS) [since, before] = [now, count];
    return false;
  };
}

/** Whether it is this group's own limit that is met: kernels before 6.11 count here, too, what a group above refused. */
function isFull(group: string): boolean {
  const [has, may] = ["pids.current", "pids.max"].map((name) =>
    Number(readText(path.join(group, name)) ?? 0),
  );
  return (has ?? 0) >= NEARLY * (may ?? 0);
}

/** Kernel: `admin-guide/cgroup-v1/pids.rst`, `admin-guide/cgroup-v2.rst`. */
function countIn(file: string): number | null {
  const count = /^max (\d+)$/m.exec(readText(file) ?? "")?.[1];
  return count === undefined ? null : Number(count);
}
