import { listChanges, GITLINK, sameChanges } from "./changes.ts";
import { commitTree } from "./commit-tree.ts";
import type { GitContext } from "./context.ts";
import type { Snapshot, Workspace } from "./port.ts";
import type { WorkspaceRecord } from "./record.ts";
import { setRef, snapshotRef } from "./refs.ts";
import { unsafeTree } from "./tree-check.ts";
import { storeTree } from "./store-tree.ts";

export interface SnapshotRequest {
  readonly subject: string;
  readonly body: string;
  readonly sequence: number;
  readonly at: string;
}

/**
 * The exact tree of a workspace as a commit on its base, under a ref of its own.
 * @throws AttemptFailure `unsafe_tree`, `sandbox`; the signal's reason
 */
export async function takeSnapshot(
  context: GitContext,
  target: {
    readonly workspace: Workspace;
    readonly record: WorkspaceRecord;
    readonly signal?: AbortSignal | undefined;
  },
  request: SnapshotRequest,
): Promise<Snapshot> {
  const { workspace, signal } = target;
  const { mirror, baseCommit } = workspace;
  const tree = await storeTree(context, target, { signal });
  const changes = await listChanges(context, mirror, { from: baseCommit, to: tree });
  const links = changes.filter(({ newMode }) => newMode === GITLINK);
  if (links.length > 0)
    throw unsafeTree(links.map(({ path }) => `${path}: is another git repository; remove it`));
  signal?.throwIfAborted();
  const commit = await commitTree(context, mirror, { ...request, tree, parent: baseCommit });
  // What is scanned and shown of this commit is what was found of the tree it was made of.
  sameChanges(context, mirror, { pair: { from: baseCommit, to: commit }, changes });
  await setRef(context, mirror, { ref: snapshotRef(workspace.agentId, request.sequence), commit });
  return {
    commit,
    tree,
    unchanged: changes.length === 0,
    files: changes.map(({ path, additions, deletions }) => ({ path, additions, deletions })),
  };
}
