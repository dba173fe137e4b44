import { lstat, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DependencyOutput } from "./plan.ts";

/** A prepared folder: where it belongs in a tree, and the folders in it that tools write to. */
export interface PreparedFolder {
  readonly path: string;
  readonly scratch: readonly string[];
}

/**
 * The folders an install left in `root`, with mount points for their scratch folders made. No symbolic link is
 * followed: what it points to would be mounted into other sandboxes.
 */
export async function collectOutputs(
  root: string,
  outputs: readonly DependencyOutput[],
): Promise<readonly PreparedFolder[]> {
  const folders: PreparedFolder[] = [];
  for (const output of outputs) {
    const paths = output.kind === "folder" ? [output.path] : await foldersNamed(root, output.name);
    for (const path of paths) {
      if (await makeScratch(join(root, path), output.scratch))
        folders.push({ path, scratch: output.scratch });
    }
  }
  return folders;
}

/** False when there is no such folder. */
async function makeScratch(folder: string, names: readonly string[]): Promise<boolean> {
  const stats = await lstat(folder).catch(() => null);
  if (!stats?.isDirectory()) return false;
  for (const name of names) {
    await rm(join(folder, name), { recursive: true, force: true });
    await mkdir(join(folder, name));
  }
  return true;
}

/** Folders of a name, outermost only: what lies in one comes with it. */
async function foldersNamed(root: string, name: string, below = ""): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.name === name) found.push(path);
    else found.push(...(await foldersNamed(root, name, path)));
  }
  return found.sort();
}

export interface Size {
  readonly files: number;
  readonly bytes: number;
}

/** Files and bytes below a folder; links count as files and are not followed. */
export async function measure(folder: string): Promise<Size> {
  let files = 0;
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const inner = await measure(path);
      files += inner.files;
      bytes += inner.bytes;
    } else {
      files += 1;
      bytes += (await lstat(path)).size;
    }
  }
  return { files, bytes };
}
