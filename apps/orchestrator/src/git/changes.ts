import type { GitContext } from "./context.ts";
import type { Change } from "./facts.ts";
import type { ChangedFile } from "./port.ts";

export const GITLINK = "160000";
/** How trees are compared. The hardened set hides other repositories (gitlinks); here they are looked for. */
export const COMPARISON = ["-r", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"] as const;
const MAX_BYTES = 256 * 1024 * 1024;

/** What differs between two commits or trees, with line counts. Names are read as UTF-8. */
export async function listChanges(
  { git, limits, facts }: Pick<GitContext, "git" | "limits" | "facts">,
  mirror: string,
  pair: Pair,
): Promise<readonly Change[]> {
  const known = facts.changes.get(keyOf(mirror, pair));
  if (known !== undefined) return known;
  const { from, to } = pair;
  const { stdout } = await git.run({
    command: "diff-tree",
    gitDir: mirror,
    options: [...COMPARISON, "--raw", "--numstat", "--no-abbrev", "--no-renames", "-z"],
    values: [from, to],
    maxBytes: MAX_BYTES,
    timeoutMs: limits.localMs,
  });
  const changes = parseChanges(stdout.toString());
  facts.changes.set(keyOf(mirror, pair), changes);
  return changes;
}

interface Pair {
  readonly from: string;
  readonly to: string;
}

/** Notes that another pair of the mirror is the same trees: a commit that was made of one. */
export function sameChanges(
  { facts }: Pick<GitContext, "facts">,
  mirror: string,
  { pair, changes }: { readonly pair: Pair; readonly changes: readonly Change[] },
): void {
  facts.changes.set(keyOf(mirror, pair), changes);
}

const keyOf = (mirror: string, { from, to }: Pair): string => `${mirror} ${from} ${to}`;

type Counts = Pick<ChangedFile, "additions" | "deletions">;
const UNCOUNTED: Counts = { additions: null, deletions: null };

/** Reads `--raw --numstat -z`: pairs of `:modes ids status` and a path, then `added TAB removed TAB path`. */
function parseChanges(output: string): readonly Change[] {
  const fields = output.split("\0");
  const raw: Omit<Change, keyof Counts>[] = [];
  let at = 0;
  for (; fields[at]?.startsWith(":") === true; at += 2) {
    const [oldMode = "", newMode = "", oldId = "", newId = ""] = (fields[at] ?? "").slice(1).split(" ");
    raw.push({ path: fields[at + 1] ?? "", oldMode, newMode, oldId, newId });
  }
  const counts = new Map<string, Counts>();
  for (const field of fields.slice(at)) {
    const [, added = "", removed = "", path = ""] = /^([^\t]*)\t([^\t]*)\t(.*)$/s.exec(field) ?? [];
    counts.set(path, { additions: numberOf(added), deletions: numberOf(removed) });
  }
  return raw.map((change) => ({ ...change, ...(counts.get(change.path) ?? UNCOUNTED) }));
}

/** git writes `-` for a binary file. */
function numberOf(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) : null;
}
