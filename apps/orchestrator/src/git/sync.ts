import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { exists } from "./exists.ts";

/** Waits until a file's content, or a folder's list of names, is on the disk. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Waits until a ref of a mirror is on the disk: git syncs what is in it, and not the folders that lead to it. */
export async function syncRef(mirror: string, ref: string): Promise<void> {
  for (let folder = dirname(join(mirror, ref)); folder.startsWith(mirror); folder = dirname(folder))
    if (await exists(folder)) await sync(folder);
}
