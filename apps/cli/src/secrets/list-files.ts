import { lstat, open, opendir, readlink } from "node:fs/promises";
import { join, relative } from "node:path";
import type { UnreadFile } from "@mosaic/secrets";
import type { PersonsGit } from "./git.ts";

/** Larger files are not read; they are findings, because nobody looked into them. */
export const MAX_FILE_BYTES = 10_000_000;

/** A file to scan, read only when its turn comes. */
export interface Candidate {
  readonly path: string;
  read(): Promise<UnreadFile>;
}

/** What `git commit` would record: added and changed files as they lie in the index, not in the folder. */
export async function stagedFiles(git: PersonsGit): Promise<readonly Candidate[]> {
  const options = ["--cached", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=AMT", "-z"];
  const fields = (await git.run(["diff", "--no-ext-diff", "--ignore-submodules", ...options]))
    .toString()
    .split("\0");
  const files: Candidate[] = [];
  for (let at = 0; fields[at]?.startsWith(":") === true; at += 2) {
    const [, mode = "", , objectId = ""] = (fields[at] ?? "").split(" ");
    const path = fields[at + 1] ?? "";
    // A commit of another repository holds no content of this one.
    if (mode !== "160000")
      files.push({ path, read: async () => ({ path, content: await readStaged(git, objectId) }) });
  }
  return files;
}

async function readStaged(git: PersonsGit, objectId: string): Promise<Buffer | null> {
  const bytes = Number((await git.run(["cat-file", "-s", objectId])).toString());
  return bytes > MAX_FILE_BYTES ? null : await git.run(["cat-file", "blob", objectId]);
}

/** Files of a repository that are tracked or could be added: not what is ignored. */
export async function repositoryFiles(git: PersonsGit, folder: string): Promise<readonly Candidate[]> {
  const listed = await git.run(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  const paths = [...new Set(listed.toString().split("\0"))].filter((path) => path !== "");
  return paths.map((path) => onDisk(folder, path));
}

/** Every file below a folder, without following links and without git's own folders. */
export async function folderFiles(folder: string): Promise<readonly Candidate[]> {
  const files: Candidate[] = [];
  const pending = [folder];
  for (const current of pending) {
    for await (const entry of await opendir(current)) {
      if (entry.name === ".git") continue;
      const path = join(current, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile() || entry.isSymbolicLink()) files.push(onDisk(folder, relative(folder, path)));
    }
  }
  return files;
}

/** One file on the disk. A link is its target's path, as git keeps it. */
export function onDisk(folder: string, path: string): Candidate {
  const file = join(folder, path);
  return {
    path,
    async read() {
      const facts = await lstat(file).catch(() => null);
      // Listed, and gone since: nothing can leak.
      if (facts === null) return { path, content: Buffer.alloc(0) };
      if (facts.isSymbolicLink()) return { path, content: Buffer.from(await readlink(file)) };
      if (!facts.isFile()) return { path, content: Buffer.alloc(0) };
      return { path, content: facts.size > MAX_FILE_BYTES ? null : await readWhole(file) };
    },
  };
}

/** Null when it may not be read: that is a finding. */
async function readWhole(file: string): Promise<Buffer | null> {
  try {
    const handle = await open(file, "r");
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}
