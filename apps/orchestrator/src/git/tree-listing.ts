import type { GitContext } from "./context.ts";

/** One file, link or other repository (mode 160000) of a tree. */
export interface TreeEntry {
  readonly mode: string;
  readonly objectId: string;
  /** Bytes of its content; null for another repository. */
  readonly size: number | null;
  /** Names are bytes: as text, some could not be found again. */
  readonly path: Buffer;
}

const ENTRY = /^(\d{6}) (?:blob|commit) ([0-9a-f]+) +(\d+|-)\t/;
/** A listing of a million files with long names. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Every entry of a tree or commit, folders followed. The objects' headers are read, so each is known to be there. */
export async function listTree(
  { git, limits }: Pick<GitContext, "git" | "limits">,
  mirror: string,
  { tree, signal }: { readonly tree: string; readonly signal?: AbortSignal | undefined },
): Promise<readonly TreeEntry[]> {
  const { stdout } = await git.run({
    command: "ls-tree",
    gitDir: mirror,
    options: ["-r", "-z", "-l", "--full-tree"],
    values: [tree],
    maxBytes: MOST_BYTES,
    timeoutMs: limits.localMs,
    signal,
  });
  const entries: TreeEntry[] = [];
  for (let start = 0; start < stdout.length;) {
    const end = stdout.indexOf(0, start);
    const tab = stdout.indexOf(0x09, start);
    const [, mode, objectId, size] = ENTRY.exec(stdout.toString("latin1", start, tab + 1)) ?? [];
    if (end < 0 || mode === undefined || objectId === undefined)
      throw new Error(`git's listing of ${tree} cannot be understood`);
    const path = stdout.subarray(tab + 1, end);
    entries.push({ mode, objectId, size: size === "-" ? null : Number(size), path });
    start = end + 1;
  }
  return entries;
}
