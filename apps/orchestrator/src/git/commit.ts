import { AttemptFailure } from "@mosaic/domain";
import { GitError, reasonOf } from "@mosaic/git";
import type { GitContext } from "./context.ts";
import type { Workspace } from "./port.ts";
import { branchRef, listRefs, setRef } from "./refs.ts";

/**
 * Moves a workspace's branch to a commit that was made from it: the very object the gates saw. Only if the branch is
 * still where we put it.
 * @throws AttemptFailure `workspace`
 */
export async function commitToBranch(
  context: GitContext,
  workspace: Workspace,
  commit: string,
): Promise<void> {
  const { mirror, branch, agentId } = workspace;
  const ref = branchRef(branch);
  const refs = await listRefs(context.git, mirror, [`refs/mosaic/agents/${agentId}`, ref]);
  const current = refs.find(({ name }) => name === ref)?.objectId ?? null;
  const ours = refs.filter(({ name }) => name.startsWith(`refs/mosaic/agents/${agentId}/`));
  const known = new Set(ours.map(({ objectId }) => objectId));
  if (!known.has(commit)) {
    throw new AttemptFailure(
      "workspace",
      `${commit} is not a snapshot of agent ${agentId}; only those are committed`,
    );
  }
  if (current === null || (current !== workspace.baseCommit && !known.has(current))) {
    throw new AttemptFailure(
      "workspace",
      `the branch '${branch}' is at ${current ?? "nothing"}, where we did not put it`,
    );
  }
  try {
    await setRef(context, mirror, { ref, commit, expected: current });
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    throw new AttemptFailure(
      "workspace",
      `the branch '${branch}' could not be moved: ${reasonOf(error.stderr)}`,
      {
        cause: error,
      },
    );
  }
}
