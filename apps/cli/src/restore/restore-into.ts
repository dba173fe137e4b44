import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { CliError, EXIT } from "../exit.ts";
import { treeIdOf } from "./tree-id.ts";
import { unpack, type Unpacked } from "./unpack.ts";

/** @throws CliError when something is there already */
export async function checkTarget(target: string): Promise<void> {
  const facts = await lstat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new CliError(EXIT.failure, `${target} cannot be looked at: ${error.message}`);
  });
  if (facts === null) return;
  if (facts.isDirectory() && (await readdir(target)).length === 0) return;
  throw new CliError(EXIT.failure, `${target} is there already, and nothing is written over`, {
    hints: ["Name a folder that is new or empty with --to."],
  });
}

/**
 * Unpacks into a folder beside `target`, compares it with the tree's id, and only then gives it its name: `target` is
 * whole or not there.
 * @param tree git's id of the files; null when there is none to compare with
 * @throws CliError when the archive is not what was saved
 */
export async function restoreInto(
  target: string,
  archive: AsyncIterable<Uint8Array>,
  options: { readonly tree: string | null; readonly suffix: string; readonly signal: AbortSignal },
): Promise<Unpacked> {
  const { tree, suffix, signal } = options;
  const staging = `${target}.part-${suffix}`;
  await mkdir(dirname(target), { recursive: true });
  await mkdir(staging);
  try {
    const unpacked = await unpack(archive, staging);
    if (tree !== null) {
      const found = await treeIdOf(staging, unpacked, tree.length === 64 ? "sha256" : "sha1");
      if (found !== tree)
        throw new CliError(
          EXIT.failure,
          `what arrived is the tree ${found}, not ${tree}; nothing was restored`,
        );
    }
    signal.throwIfAborted();
    await checkTarget(target);
    await rename(staging, target);
    return unpacked;
  } catch (error) {
    await rm(staging, { recursive: true, force: true, maxRetries: 3 });
    throw error;
  }
}
