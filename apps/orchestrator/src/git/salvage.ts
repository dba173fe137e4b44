import { commitTree } from "./commit-tree.ts";
import type { GitContext } from "./context.ts";
import type { Workspace } from "./port.ts";
import type { WorkspaceRecord } from "./record.ts";
import { resolve, salvageRef, savedCommits, setRef } from "./refs.ts";
import { storeTree } from "./store-tree.ts";
import { verifyTree } from "./verify-tree.ts";

/**
 * Makes sure that every file of a workspace (tracked, or not ignored) is in the mirror as a commit under a ref, and
 * answers with a sentence that says which. What the mirror holds was compared with the files, byte for byte. Nothing may be
 * deleted before this has returned.
 * @throws when it cannot be made sure
 */
export async function salvage(
  context: GitContext,
  target: { readonly workspace: Workspace; readonly record: WorkspaceRecord; readonly label?: string },
): Promise<string> {
  const { mirror, agentId, taskId, baseCommit } = target.workspace;
  const signal = AbortSignal.timeout(context.limits.salvageMs);
  const { snapshot, salvaged: former } = await savedCommits(context.git, mirror, agentId);
  const latest = snapshot?.objectId ?? baseCommit;
  const labelled = target.label === undefined ? {} : { label: target.label };
  const tree = await storeTree(context, target, { verbatimFrom: latest, signal, ...labelled });
  await verifyTree(context, { mirror, tree, folder: target.workspace.tree, signal });
  const treeOf = (commit: string): Promise<string | null> => resolve(context.git, mirror, `${commit}^{tree}`);
  const ref = salvageRef(agentId);
  // Once there is a salvage (a base that moved, a clean-up that was cut off) it is the last word about the files.
  if (former !== null && former.tree === tree) return `saved as ${ref}`;
  if (former === null && (snapshot?.tree ?? (await treeOf(latest))) === tree)
    return snapshot === null ? "nothing was changed" : `is ${snapshot.name}`;
  const commit = await commitTree(context, mirror, {
    tree,
    parent: former?.objectId ?? latest,
    subject: `Salvaged from agent ${agentId}`,
    body: `What its workspace for task ${taskId} held when it was removed.`,
    at: context.now().toISOString(),
  });
  // Where it was read: another salvage made since then would be lost.
  const expected = former?.objectId ?? "0".repeat(commit.length);
  await setRef(context, mirror, { ref, commit, expected });
  const kept = await treeOf(ref);
  if (kept !== tree)
    throw new Error(`${ref} was read back as ${kept ?? "nothing"} instead of the tree ${tree}`);
  return `saved as ${ref}`;
}
