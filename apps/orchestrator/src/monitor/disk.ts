import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";

/** How much disk some folders take. */
export type MeasureDisk = (
  folders: readonly string[],
  signal: AbortSignal,
) => Promise<{ readonly bytes: number } | { readonly unknown: string }>;

/** Bytes in use on the file system of the folders, whoever uses them; null where it does not say. */
export type MeasureUse = (folders: readonly string[]) => Promise<number | null>;

/** Asks the kernel, which keeps count: no file is looked at. The folders of a workspace lie on one file system. */
export const measureUse: MeasureUse = async ([folder = "/"]) => {
  const found = await statfs(folder).catch(() => null);
  return found === null || found.blocks === 0 ? null : (found.blocks - found.bfree) * found.bsize;
};

/** A tree that takes longer than this to count is not one to work with. Milliseconds. */
const LONGEST_COUNT_MS = 60_000;

/**
 * Blocks in use below the folders, as `du` counts them: holes in sparse files are free, links are not followed, other
 * file systems are left out. Nothing in them is opened.
 */
export const measureDisk: MeasureDisk = (folders, signal) =>
  new Promise((resolve) => {
    const options = {
      signal,
      timeout: LONGEST_COUNT_MS,
      killSignal: "SIGKILL",
      env: { LC_ALL: "C" },
    } as const;
    execFile("/usr/bin/du", ["-skxc", "--", ...folders], options, (error, stdout) => {
      // Files that go away while it counts make it complain and count the rest, which is the answer all the same.
      const total = /^(\d+)\ttotal$/m.exec(stdout)?.[1];
      if (total !== undefined) return resolve({ bytes: Number(total) * 1024 });
      const why = error?.killed === true ? `not counted within ${LONGEST_COUNT_MS / 1000} s` : error?.message;
      resolve({ unknown: why ?? "du said nothing" });
    });
  });
