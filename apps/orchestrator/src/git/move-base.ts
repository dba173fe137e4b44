import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { workspaceOf } from "./create.ts";
import { forgetIndex } from "./kept-index.ts";
import type { Workspace } from "./port.ts";
import { putTree, renewAgentGit } from "./put-tree.ts";
import { salvageOwnCommits } from "./own-commits.ts";
import { saveRecord, type WorkspaceRecord } from "./record.ts";
import { branchRef, remoteRef, resolve, setRef, snapshotRef } from "./refs.ts";
import { salvage } from "./salvage.ts";
import { surveyCommit } from "./survey-commit.ts";

interface MoveRequest {
  /** The new base: what the base branch has become. */
  readonly head: string;
  /** A commit on it, whose tree takes the place of the files. */
  readonly commit: string;
  /** Its place among the snapshots. */
  readonly sequence: number;
}

/**
 * Puts a workspace on a new base: its files become those of a commit that was merged onto it, and the next snapshot is a
 * commit on that base. Everything that lay there is saved first. The order is such that a process that dies in between
 * leaves a workspace that can be salvaged.
 * @throws AttemptFailure `workspace`, `unsafe_tree`, `sandbox`; the signal's reason
 */
export async function moveBase(
  context: GitContext,
  target: {
    readonly workspace: Workspace;
    readonly record: WorkspaceRecord;
    readonly signal?: AbortSignal | undefined;
  },
  { head, commit, sequence }: MoveRequest,
): Promise<Workspace> {
  const { workspace, record } = target;
  const { mirror, privateDir, agentId } = workspace;
  const gitlinks = [...(await surveyCommit(context, { mirror, commit }, target.signal))];
  await salvage(context, target);
  await salvageOwnCommits(context, workspace);
  context.reach("workspace.saved");
  const tree = await resolve(context.git, mirror, `${commit}^{tree}`);
  if (tree === null) throw new Error(`the mirror does not hold ${commit}`);
  await putTree(context, target, tree);
  context.reach("workspace.replaced");
  await setRef(context, mirror, { ref: snapshotRef(agentId, sequence), commit });
  // Which files git knows decides what a snapshot takes of those that are ignored.
  await readIndex(context, { gitDir: record.adminDir ?? mirror, tree });
  await forgetIndex(privateDir);
  const moved = { ...record, baseCommit: head, gitlinks };
  await saveRecord(privateDir, moved);
  context.reach("workspace.noted");
  await renew(context, workspace, head).catch((error: unknown) =>
    context.onProblem(`git of agent ${agentId} still shows the old base`, error),
  );
  return workspaceOf(privateDir, moved);
}

async function renew(context: GitContext, workspace: Workspace, head: string): Promise<void> {
  const { mirror, branch, baseBranch } = workspace;
  const folder = join(context.layout.scratch, context.newId());
  await mkdir(folder, { mode: 0o700 });
  const index = join(folder, "index");
  try {
    await readIndex(context, { gitDir: mirror, tree: head, index });
    const ref = branchRef(branch);
    const refs = { [ref]: head, [remoteRef(baseBranch)]: head };
    await renewAgentGit(context, workspace, { index, head: ref, refs });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fills an index from a tree, without looking at files. */
async function readIndex(
  { git, limits }: Pick<GitContext, "git" | "limits">,
  { gitDir, tree, index }: { readonly gitDir: string; readonly tree: string; readonly index?: string },
): Promise<void> {
  await git.run({
    command: "read-tree",
    gitDir,
    values: [tree],
    ...(index === undefined ? {} : { env: { GIT_INDEX_FILE: index } }),
    timeoutMs: limits.localMs,
  });
}
