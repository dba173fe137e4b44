import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readFile, readlink } from "node:fs/promises";
import type { GitContext } from "./context.ts";
import { GITLINK } from "./changes.ts";
import { listTree, type TreeEntry } from "./tree-listing.ts";

const LINK = "120000";
const EXECUTABLE = "100755";
/** Files that are read at once. */
const AT_ONCE = 16;
/** A stream costs several times what a small file does. Bytes. */
const READ_WHOLE = 1024 * 1024;

/**
 * Reads a salvaged tree back: every entry is in the mirror, and its id, kind and mode are those of the file on disk,
 * whose id is computed here and not by git.
 * @throws Error that names what differs; the signal's reason
 */
export async function verifyTree(
  context: Pick<GitContext, "git" | "limits">,
  subject: {
    readonly mirror: string;
    readonly tree: string;
    readonly folder: string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { mirror, tree, folder, signal } = subject;
  const entries = await listTree(context, mirror, { tree, signal });
  const queue = entries.values();
  const check = async (): Promise<void> => {
    for (const entry of queue) {
      signal.throwIfAborted();
      const why = await difference(folder, entry);
      if (why !== null)
        throw new Error(
          `the salvage was read back and differs at ${JSON.stringify(entry.path.toString())}: ${why}`,
        );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, check));
}

/** What tells the file on disk from its entry, or null. */
async function difference(folder: string, entry: TreeEntry): Promise<string | null> {
  if (entry.mode === GITLINK) return null;
  const place = Buffer.concat([Buffer.from(`${folder}/`), entry.path]);
  const found = await lstat(place);
  if (found.isSymbolicLink() !== (entry.mode === LINK) || !(found.isFile() || found.isSymbolicLink()))
    return "it is of another kind";
  if (found.size !== entry.size) return `it has ${found.size} bytes instead of ${entry.size ?? "none"}`;
  if (entry.mode !== LINK && ((found.mode & 0o100) !== 0) !== (entry.mode === EXECUTABLE))
    return "it differs in being executable";
  const id = await blobId(place, found.size, entry);
  return id === entry.objectId ? null : "its bytes are others";
}

/** The id git gives to a file or link with these bytes. */
async function blobId(place: Buffer, size: number, { mode, objectId }: TreeEntry): Promise<string> {
  const hash = createHash(objectId.length === 64 ? "sha256" : "sha1").update(`blob ${size}\0`);
  if (mode === LINK) hash.update(await readlink(place, { encoding: "buffer" }));
  else if (size <= READ_WHOLE) hash.update(await readFile(place));
  else for await (const chunk of createReadStream(place) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest("hex");
}
