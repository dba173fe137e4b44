import { readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { removeFolder } from "../checkout/work-area.ts";
import { markerPath, readEntry } from "./entry.ts";

export interface CacheLimits {
  /** Bytes of all entries together. */
  readonly maxBytes: number;
  /** An entry not used for so long goes, in milliseconds. */
  readonly maxAgeMs: number;
  /**
   * An entry used within this time stays whatever the limits say, in milliseconds: an agent that mounts it may live as
   * long, and this process does not see it.
   */
  readonly minIdleMs: number;
}

interface Candidate {
  readonly key: string;
  readonly usedAt: number;
  readonly bytes: number;
}

/**
 * Removes entries beyond the limits, least recently used first; never one that `isUsed`.
 * @param trash folder on the same disk: an entry leaves the cache in one step, then its files go
 * @returns the keys that were removed
 */
export async function evict(
  root: string,
  limits: CacheLimits,
  context: { readonly now: number; readonly trash: string; readonly isUsed: (key: string) => boolean },
): Promise<readonly string[]> {
  const entries = (await listEntries(root)).sort((a, b) => a.usedAt - b.usedAt);
  let total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const removed: string[] = [];
  for (const entry of entries) {
    const idle = context.now - entry.usedAt;
    const isBeyond = total > limits.maxBytes || idle > limits.maxAgeMs;
    if (!isBeyond || idle < limits.minIdleMs || context.isUsed(entry.key)) continue;
    const doomed = join(context.trash, `evicted-${entry.key}`);
    if (!(await ifThere(() => rename(join(root, entry.key), doomed)))) continue;
    await removeFolder(doomed);
    total -= entry.bytes;
    removed.push(entry.key);
  }
  return removed;
}

async function listEntries(root: string): Promise<Candidate[]> {
  const entries: Candidate[] = [];
  for (const key of await readdir(root)) {
    const marker = await readEntry(join(root, key));
    if (!marker) continue;
    await ifThere(async () => {
      const { mtimeMs } = await stat(markerPath(join(root, key)));
      entries.push({ key, usedAt: mtimeMs, bytes: marker.bytes });
    });
  }
  return entries;
}

/** False when another process was faster with removing it. */
async function ifThere(action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
