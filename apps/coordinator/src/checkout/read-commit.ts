import type { CommitFiles } from "../detect/commit-files.ts";
import type { Listing } from "./known.ts";
import type { Mirror } from "./mirror.ts";

/** Detection reads manifests and settings; a larger file is none. Lockfiles reach a few megabytes. */
const TEXT_MAX_BYTES = 16 * 1024 * 1024;
/** About a million paths. */
const LIST_MAX_BYTES = 128 * 1024 * 1024;
/** Of all files that are asked for together. */
const CONTENTS_MAX_BYTES = 256 * 1024 * 1024;

/** The files of a commit with the ids of their contents, which are the contents' hashes. */
export interface CommitTree extends CommitFiles {
  readonly blobs: ReadonlyMap<string, string>;
  /** Paths of symbolic links. */
  readonly links: ReadonlySet<string>;
  /** Contents of `paths`, in their order. @throws when one of them is no regular file of the commit */
  contents(paths: readonly string[]): Promise<readonly Buffer[]>;
}

/** Lists a commit's regular files; their contents are read when asked for. Symbolic links and submodules are no files;
 * of links the paths are known. */
export async function readCommit(mirror: Mirror, commit: string, signal?: AbortSignal): Promise<CommitTree> {
  const listing = await listCommit(mirror, commit, signal);
  const idOf = (path: string): string => {
    const id = listing.blobs.get(path);
    if (id === undefined) throw new Error(`'${path}' is not a regular file of the commit`);
    return id;
  };
  return {
    commit,
    ...listing,
    async text(path) {
      const id = listing.blobs.get(path);
      return id === undefined ? null : await readText(mirror, id);
    },
    async contents(paths) {
      const contents: Buffer[] = [];
      let room = CONTENTS_MAX_BYTES;
      for (const id of paths.map(idOf)) {
        const content = await readContent(mirror, id, room);
        room -= content.length;
        contents.push(content);
      }
      return contents;
    },
  };
}

async function listCommit(mirror: Mirror, commit: string, signal?: AbortSignal): Promise<Listing> {
  const key = `${mirror.path} ${commit}`;
  const known = mirror.known.listings.get(key);
  if (known !== undefined) return known;
  const { stdout } = await mirror.git.run({
    command: "ls-tree",
    gitDir: mirror.path,
    options: ["-r", "-z", "--full-tree"],
    values: [commit],
    maxBytes: LIST_MAX_BYTES,
    ...(signal ? { signal } : {}),
  });
  const blobs = new Map<string, string>();
  const links = new Set<string>();
  for (const entry of stdout.toString("utf8").split("\0")) {
    const match = /^100\d{3} blob ([0-9a-f]+)\t([\s\S]+)$/.exec(entry);
    if (match) blobs.set(match[2] ?? "", match[1] ?? "");
    if (entry.startsWith("120000 ")) links.add(entry.slice(entry.indexOf("\t") + 1));
  }
  const listing = { blobs, links, paths: new Set(blobs.keys()) };
  mirror.known.listings.set(key, listing);
  return listing;
}

async function readText({ objects, known }: Mirror, id: string): Promise<string | null> {
  const before = known.texts.get(id);
  if (before !== undefined) return before;
  const info = await objects.info(id);
  // What was listed and is not there is damage, not the absence of a file.
  if (info === null) throw new Error(`the mirror lacks the blob ${id}`);
  const found = await objects.read(id, TEXT_MAX_BYTES);
  if (found === null) return null;
  const text = found.content.toString("utf8");
  known.texts.set(id, text);
  return text;
}

async function readContent({ objects }: Mirror, id: string, maxBytes: number): Promise<Buffer> {
  const found = await objects.read(id, maxBytes);
  if (found?.type !== "blob") throw new Error(`the blob ${id} is not in the mirror, or too large`);
  return found.content;
}

/** Paths that are in `base` and no longer, or no longer as files, in `commit`. */
export function removedPaths(base: CommitFiles, commit: CommitFiles): readonly string[] {
  return [...base.paths].filter((path) => !commit.paths.has(path));
}
