import { listChanges, sameChanges } from "./changes.ts";
import { commitTree } from "./commit-tree.ts";
import { describeConflicts } from "./conflicts.ts";
import type { GitContext } from "./context.ts";
import { mergeTrees } from "./merge-trees.ts";
import type { Merged, MergeRequest, Workspace } from "./port.ts";
import { integrationRef, setRef } from "./refs.ts";

/**
 * Merges a snapshot with what its base branch has become, as a commit on that head. No file of the workspace is
 * touched. Mode `rebase` gives it one parent, the head; `merge` two, the head and the snapshot, unless the branch was
 * rewritten: a second parent would then bring back what was taken out of it.
 * @throws AttemptFailure `conflict` when the two have no history in common
 */
export async function mergeOntoHead(
  context: GitContext,
  { workspace, request }: { readonly workspace: Workspace; readonly request: MergeRequest },
  signal?: AbortSignal,
): Promise<Merged> {
  const { mirror, baseBranch, baseCommit, agentId } = workspace;
  const { head, commit, mode } = request;
  const merge = await mergeTrees(context, { mirror, head, commit, base: baseCommit, keep: true }, signal);
  signal?.throwIfAborted();
  const hasTwo = merge.clean && mode === "merge" && !merge.rewritten;
  const made = await commitTree(context, mirror, {
    ...request,
    ...(merge.clean ? {} : { subject: `Conflict with ${baseBranch}, not resolved` }),
    tree: merge.tree,
    parent: head,
    ...(hasTwo ? { moreParents: [commit] } : {}),
  });
  // Kept by a ref of its own: what is gated, pushed or put before an agent can be looked at afterwards.
  await setRef(context, mirror, { ref: integrationRef(agentId, made), commit: made });
  if (!merge.clean) {
    const files = await describeConflicts(context, { mirror, baseBranch }, merge);
    return { kind: "conflict", conflict: { head, commit: made, labels: merge.labels, files } };
  }
  const changes = await listChanges(context, mirror, { from: head, to: merge.tree });
  sameChanges(context, mirror, { pair: { from: head, to: made }, changes });
  return {
    kind: "clean",
    snapshot: {
      commit: made,
      tree: merge.tree,
      unchanged: changes.length === 0,
      files: changes.map(({ path, additions, deletions }) => ({ path, additions, deletions })),
    },
  };
}
