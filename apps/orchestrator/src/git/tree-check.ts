import { AttemptFailure } from "@mosaic/domain";
import type { Dirent } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { second } from "./kept-index.ts";

export interface TreeLimits {
  readonly treeEntries: number;
  readonly treeBytes: number;
}

export interface TreeFacts {
  readonly entries: number;
  readonly bytes: number;
  /** Symbolic links to absolute paths: where they lie in the tree, and where they point. */
  readonly absoluteLinks: readonly { readonly path: string; readonly target: string }[];
  /** Seconds in which a file or link changed, its attributes included. */
  readonly changedAt: ReadonlySet<number>;
}

interface CheckOptions {
  readonly limits: TreeLimits;
  /** Folders that stand for other repositories in the base commit: git saves nothing below them. */
  readonly gitlinks?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** How many problems a failure names; an agent that repairs these is told of the rest. */
const NAMED = 20;

/** Characters that HFS+ ignores in names: with one in between, `.git` is still `.git` there. */
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;
/** What some file system or other takes for `.git`: case, and NTFS's short name and endings. */
const DOT_GIT = /^(?:\.git|git~1)[ .]*(?::.*)?$/i;

/**
 * Looks at an agent's tree before git does, without following a link or opening a file: git runs programs for a nested
 * repository, waits on a fifo, and never ends on an endless tree.
 * @throws AttemptFailure `unsafe_tree` that names what must go
 */
export async function checkTree(tree: string, options: CheckOptions): Promise<TreeFacts> {
  const walk = createWalk(options);
  const folders: Buffer[] = [Buffer.alloc(0)];
  for (let folder = folders.pop(); folder !== undefined && !walk.over(); folder = folders.pop()) {
    options.signal?.throwIfAborted();
    const found = await entriesOf(tree, folder);
    if (typeof found === "string") {
      walk.problem(folder, found);
      continue;
    }
    if (!walk.count(found.length)) break;
    const inside = folder;
    const looks = await Promise.all(found.map((entry) => walk.look(tree, inside, entry)));
    for (const next of looks) if (next !== null) folders.push(next);
  }
  return walk.finish();
}

interface Walk {
  /** Counts entries; false when there are too many to look at. */
  count(found: number): boolean;
  /** Looks at one entry; answers with its path when it is a folder to go into. */
  look(tree: string, folder: Buffer, entry: Dirent<Buffer>): Promise<Buffer | null>;
  problem(path: Buffer, what: string): void;
  over(): boolean;
  finish(): TreeFacts;
}

function createWalk({ limits, gitlinks = [] }: CheckOptions): Walk {
  const problems: string[] = [];
  const absoluteLinks: { path: string; target: string }[] = [];
  const changedAt = new Set<number>();
  const submodules = new Set(gitlinks);
  let entries = 0;
  let bytes = 0;
  const problem = (path: Buffer, what: string): void => {
    problems.push(`${printable(path)}: ${what}`);
  };
  const weigh = async (place: Buffer, path: Buffer): Promise<void> => {
    const found = await lstat(place).catch(ifGone);
    if (found === null) return;
    bytes += found.size;
    changedAt.add(second(found.ctimeMs));
    const target = found.isSymbolicLink() ? await readlink(place).catch(ifGone) : null;
    if (target?.startsWith("/") === true) absoluteLinks.push({ path: path.toString(), target });
  };
  return {
    problem,
    over: () => bytes > limits.treeBytes || problems.length > NAMED,
    count: (found) => {
      entries += found;
      return entries <= limits.treeEntries;
    },
    look: async (tree, folder, entry) => {
      const path = folder.length === 0 ? entry.name : Buffer.concat([folder, Buffer.from("/"), entry.name]);
      if (folder.length === 0 && entry.name.toString() === ".git") return null;
      const why = problemOf(entry);
      if (why !== null) problem(path, why);
      else if (submodules.has(folder.toString()))
        problem(path, "lies in a submodule, whose files cannot be saved");
      else if (entry.isDirectory()) return path;
      else await weigh(locate(tree, path), path);
      return null;
    },
    finish: () => {
      if (entries > limits.treeEntries)
        problems.push(`there are more than ${limits.treeEntries} files and folders`);
      if (bytes > limits.treeBytes) problems.push(`there are more than ${limits.treeBytes} bytes`);
      if (problems.length > 0) throw unsafeTree(problems);
      return { entries, bytes, absoluteLinks, changedAt };
    },
  };
}

/** The failure that tells an agent what of its tree cannot be taken. */
export function unsafeTree(problems: readonly string[], cause?: unknown): AttemptFailure {
  const named = problems.slice(0, NAMED);
  const more = problems.length > named.length ? "; and more" : "";
  return new AttemptFailure("unsafe_tree", `the work cannot be taken: ${named.join("; ")}${more}`, {
    details: { problems: named },
    ...(cause === undefined ? {} : { cause }),
  });
}

function problemOf(entry: Dirent<Buffer>): string | null {
  const name = entry.name.toString();
  if (DOT_GIT.test(name.replaceAll(IGNORED_BY_HFS, ""))) return "is a nested git repository; remove it";
  if (entry.isFIFO()) return "is a fifo; remove it";
  if (entry.isSocket()) return "is a socket; remove it";
  if (entry.isCharacterDevice() || entry.isBlockDevice()) return "is a device; remove it";
  return null;
}

/** What is in a folder, or why nobody can tell. */
async function entriesOf(tree: string, folder: Buffer): Promise<readonly Dirent<Buffer>[] | string> {
  try {
    return await readdir(locate(tree, folder), { withFileTypes: true, encoding: "buffer" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Gone since it was listed: the agent's processes may still be at work.
    if (code === "ENOENT" && folder.length > 0) return [];
    if (code === "EACCES") return "cannot be read";
    if (code === "ENAMETOOLONG") return "is nested too deeply";
    throw error;
  }
}

/** Names are bytes: as text, some could not be found again. */
function locate(tree: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${tree}/`), path]);
}

function printable(path: Buffer): string {
  return JSON.stringify(path.toString()).slice(1, -1);
}

function ifGone(error: NodeJS.ErrnoException): null {
  // EINVAL: it is not a link any more.
  if (error.code === "ENOENT" || error.code === "EINVAL") return null;
  throw error;
}
