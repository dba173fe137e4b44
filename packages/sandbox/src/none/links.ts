import { lstat, mkdir, readdir, readlink, realpath, rm, rmdir, symlink, unlink } from "node:fs/promises";
import path from "node:path";
import { SandboxError } from "../port.ts";
import type { PathMap } from "./paths.ts";

interface Link {
  readonly wasFolder: boolean;
  users: number;
}

/** Stands in for mounts with symbolic links. */
export interface Links {
  /** Makes what a sandbox expects to find. @returns what undoes it */
  put(map: PathMap): Promise<() => Promise<void>>;
}

/**
 * Mounts become links in the sandbox's own folder. A mount inside another mount (dependencies in a tree) becomes a link
 * in that one, while anybody uses it, if there is nothing or an empty folder in its place; otherwise what is there stays.
 */
export function createLinks(): Links {
  const nested = new Map<string, Link>();

  const putNested = async (place: string, source: string): Promise<boolean> => {
    const known = nested.get(place);
    if (known !== undefined) {
      known.users += 1;
      return true;
    }
    const there = await lstat(place).catch(() => null);
    const wasFolder = there?.isDirectory() === true && (await readdir(place)).length === 0;
    if (there !== null && !wasFolder) return false;
    if (wasFolder) await rmdir(place);
    await symlink(source, place);
    nested.set(place, { wasFolder, users: 1 });
    return true;
  };
  const dropNested = async (place: string): Promise<void> => {
    const link = nested.get(place);
    if (link === undefined) return;
    link.users -= 1;
    if (link.users > 0) return;
    nested.delete(place);
    if ((await readlink(place).catch(() => null)) === null) return; // replaced by the command: its own now
    await unlink(place);
    if (link.wasFolder) await mkdir(place);
  };

  // Two sandboxes with the same tree must not both find its place empty.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work);
    turn = mine;
    return await mine;
  };

  return {
    put: async (map) => {
      const placed: string[] = [];
      const undo = async () => {
        for (const place of placed.splice(0).toReversed()) await inTurn(async () => await dropNested(place));
        await rm(map.root, { recursive: true, force: true });
        await rmdir(path.dirname(map.root)).catch(() => undefined); // others still have theirs in it
      };
      try {
        for (const folder of map.privateFolders) await mkdir(folder, { recursive: true, mode: 0o700 });
        for (const { source, target } of map.outer)
          await linkOuter(map.root, target, await realSource(source));
        for (const { place, source } of map.nested) {
          const real = await realSource(source);
          if (await inTurn(async () => await putNested(place, real))) placed.push(place);
        }
      } catch (error) {
        await undo();
        throw error;
      }
      return undo;
    },
  };
}

async function linkOuter(root: string, target: string, source: string): Promise<void> {
  const place = path.join(root, target);
  await mkdir(path.dirname(place), { recursive: true });
  // A private folder of the same name, empty so far, gives way.
  await rmdir(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  await symlink(source, place);
}

async function realSource(source: string): Promise<string> {
  try {
    return await realpath(source);
  } catch (error) {
    throw new SandboxError(`mount source '${source}' cannot be used: it must exist before the start`, {
      cause: error,
    });
  }
}
