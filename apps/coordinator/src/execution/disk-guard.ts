import { statfs } from "node:fs/promises";

const POLL_MS = 1000;

/** The disk was about to fill up. */
export class DiskFullError extends Error {
  constructor(path: string, minFreeBytes: number) {
    super(
      `the disk of ${path} has less than ${Math.ceil(minFreeBytes / 1024 / 1024)} MiB left; free some space`,
    );
    this.name = "DiskFullError";
  }
}

export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/**
 * Watches the free space of `path`'s disk while untrusted code writes to it: no quota bounds a bind mount.
 * @returns a signal that aborts with a `DiskFullError`, and the way to stop watching
 */
export async function guardDisk(
  path: string,
  minFreeBytes: number,
): Promise<{ readonly signal: AbortSignal; stop(): void }> {
  const controller = new AbortController();
  const look = async (): Promise<void> => {
    if ((await freeBytes(path)) < minFreeBytes) controller.abort(new DiskFullError(path, minFreeBytes));
  };
  await look();
  const timer = setInterval(() => {
    look().catch((error: unknown) => controller.abort(error));
  }, POLL_MS);
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
