import { OBJECT_ID_PATTERN } from "@mosaic/domain";
import { COMPARISON, listChanges } from "./changes.ts";
import type { GitContext } from "./context.ts";
import type { ChangedFile } from "./port.ts";

export interface Diff {
  readonly patch: string;
  readonly truncated: boolean;
  readonly files: readonly ChangedFile[];
}

/** What changed between two commits, for people: with renames, cut after `maxBytes`. */
export async function diffCommits(
  context: Pick<GitContext, "git" | "limits" | "facts">,
  { mirror, base, commit }: { readonly mirror: string; readonly base: string; readonly commit: string },
  maxBytes: number,
): Promise<Diff> {
  for (const id of [base, commit]) {
    if (!OBJECT_ID_PATTERN.test(id)) throw new Error(`'${id}' is not a commit's id`);
  }
  const [{ stdout, truncated }, changes] = await Promise.all([
    context.git.run({
      command: "diff-tree",
      gitDir: mirror,
      options: [...COMPARISON, "-p", "-M", "--no-color"],
      values: [base, commit],
      maxBytes,
      overflow: "cut",
      timeoutMs: context.limits.localMs,
    }),
    listChanges(context, mirror, { from: base, to: commit }),
  ]);
  return {
    patch: stdout.toString(),
    truncated,
    files: changes.map(({ path, additions, deletions }) => ({ path, additions, deletions })),
  };
}
