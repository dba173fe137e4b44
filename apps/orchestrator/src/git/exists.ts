import { lstat, readdir, rename } from "node:fs/promises";

/** Whether anything is at a path; a link counts as itself. */
export async function exists(path: string): Promise<boolean> {
  return await unlessMissing(
    lstat(path).then(() => true),
    false,
  );
}

/** Names in a folder; none when there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return await unlessMissing(readdir(folder), []);
}

/** Renames; false when there was nothing to rename. */
export async function moveIfThere(from: string, to: string): Promise<boolean> {
  return await unlessMissing(
    rename(from, to).then(() => true),
    false,
  );
}

async function unlessMissing<T>(work: Promise<T>, otherwise: T): Promise<T> {
  return await work.catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return otherwise;
    throw error;
  });
}
