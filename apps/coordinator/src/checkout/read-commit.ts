import type { CommitFiles } from "../detect/commit-files.ts";
import type { Mirror } from "./mirror.ts";

/** Detection reads manifests and settings; a larger file is none. Lockfiles reach a few megabytes. */
const TEXT_MAX_BYTES = 16 * 1024 * 1024;
/** About a million paths. */
const LIST_MAX_BYTES = 128 * 1024 * 1024;
const BATCH_MAX_BYTES = 256 * 1024 * 1024;

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
  const texts = new Map<string, Promise<string | null>>();
  const readText = async (path: string): Promise<string | null> => {
    const id = blobs.get(path);
    return id === undefined ? null : await readBlobText(mirror, id, signal);
  };
  return {
    commit,
    blobs,
    links,
    paths: new Set(blobs.keys()),
    text(path) {
      const known = texts.get(path) ?? readText(path);
      texts.set(path, known);
      return known;
    },
    contents: (paths) =>
      readBlobs(
        mirror,
        paths.map((path) => requireBlob(blobs, path)),
        signal,
      ),
  };
}

function requireBlob(blobs: ReadonlyMap<string, string>, path: string): string {
  const id = blobs.get(path);
  if (id === undefined) throw new Error(`'${path}' is not a regular file of the commit`);
  return id;
}

async function readBlobText(mirror: Mirror, id: string, signal?: AbortSignal): Promise<string | null> {
  const { stdout, truncated } = await mirror.git.run({
    command: "cat-file",
    gitDir: mirror.path,
    options: ["blob"],
    values: [id],
    maxBytes: TEXT_MAX_BYTES,
    overflow: "cut",
    ...(signal ? { signal } : {}),
  });
  return truncated ? null : stdout.toString("utf8");
}

async function readBlobs(
  mirror: Mirror,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<readonly Buffer[]> {
  if (ids.length === 0) return [];
  const { stdout } = await mirror.git.run({
    command: "cat-file",
    gitDir: mirror.path,
    options: ["--batch"],
    stdin: ids.map((id) => `${id}\n`).join(""),
    maxBytes: BATCH_MAX_BYTES,
    ...(signal ? { signal } : {}),
  });
  let offset = 0;
  return ids.map((id) => {
    const header = stdout.subarray(offset, stdout.indexOf(0x0a, offset)).toString();
    const [found, type, size] = header.split(" ");
    if (found !== id || type !== "blob") throw new Error(`git cat-file answered '${header}' for blob ${id}`);
    const start = offset + header.length + 1;
    const end = start + Number(size);
    offset = end + 1;
    return stdout.subarray(start, end);
  });
}

/** Paths that are in `base` and no longer, or no longer as files, in `commit`. */
export function removedPaths(base: CommitFiles, commit: CommitFiles): readonly string[] {
  return [...base.paths].filter((path) => !commit.paths.has(path));
}
