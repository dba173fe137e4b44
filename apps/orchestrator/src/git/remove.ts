import { basename, join } from "node:path";
import type { GitContext } from "./context.ts";
import { exists, moveIfThere } from "./exists.ts";
import { folderName } from "./layout.ts";
import { salvageOwnCommits } from "./own-commits.ts";
import type { CleanupStep, Workspace } from "./port.ts";
import { loadRecord } from "./record.ts";
import { branchOf, dropBranch } from "./removed-branch.ts";
import { salvage } from "./salvage.ts";
import { placesOf, recordAside, savingLabel, type Places } from "./set-aside.ts";
import { messageOf, step } from "./step.ts";
import { pruneWorktrees } from "./worktree.ts";

/**
 * Saves what a workspace held that was set aside, and lets go of the rest. The files go to the trash only after a salvage
 * that was read back; where none can be made they are moved to where nobody deletes them. Never throws: each step says
 * how it ended, and when all are `ok` nothing is lost.
 */
export async function saveAside(context: GitContext, workspace: Workspace): Promise<readonly CleanupStep[]> {
  const places = placesOf(context.layout, folderName(workspace.agentId, workspace.taskId));
  const [salvaged, commits] = await Promise.all([
    step("salvage", () => secure(context, workspace, places)),
    step("commits", () => secureCommits(context, workspace, places)),
  ]);
  context.reach("cleanup.salvaged");
  const steps = commits.ok && commits.detail === undefined ? [salvaged] : [salvaged, commits];
  // A branch too many harms nobody: what else is left of the workspace does not wait for it.
  await letGo(context, workspace, places).catch((error: unknown) =>
    steps.push({ name: "branch", ok: true, detail: `its branch is left: ${messageOf(error)}` }),
  );
  // Last: while it is there, all of this can be done again.
  if (steps.every(({ ok }) => ok)) await context.trash.take(places.folder);
  return steps;
}

/** Removes what a failed creation made: no agent ever saw it, so there is nothing to lose. */
export async function discardWorkspace(context: GitContext, privateDir: string): Promise<void> {
  const record = await loadRecord(privateDir);
  if (record !== null) {
    const { mirror, tree, baseCommit: base } = record;
    await context.trash.take(tree);
    if (await exists(mirror)) await unregister(context, { mirror, tree, base });
  }
  await context.trash.take(privateDir);
}

/** Saves the files as a commit or, where that cannot be, moves them to where nobody deletes them. */
async function secure(context: GitContext, workspace: Workspace, places: Places): Promise<string> {
  const { tree, privateDir } = places;
  if (!(await exists(tree))) return "there are no files";
  try {
    const record = await recordAside(places);
    if (record === null) throw new Error("the workspace has no record");
    if (!record.ready) return "no agent ever had the files";
    const label = savingLabel(workspace.agentId);
    return await salvage(context, { workspace: { ...workspace, tree, privateDir }, record, label });
  } catch (error) {
    const place = keptPlace(context, places, "");
    if (!(await moveIfThere(tree, place)))
      throw new Error(`${tree} could not be moved to ${place}`, { cause: error });
    return `the files are kept at ${place}, because no commit could be made of them: ${messageOf(error)}`;
  }
}

/** Saves what the agent committed or stashed itself or, where that cannot be, keeps its whole git directory. */
async function secureCommits(
  context: GitContext,
  workspace: Workspace,
  places: Places,
): Promise<string | undefined> {
  const { tree, privateDir } = places;
  try {
    const label = savingLabel(workspace.agentId);
    return (await salvageOwnCommits(context, { ...workspace, tree, privateDir }, label)) ?? undefined;
  } catch (error) {
    const place = keptPlace(context, places, "git-");
    await moveIfThere(join(privateDir, "git"), place);
    return `the agent's git directory is kept at ${place}: ${messageOf(error)}`;
  }
}

/** Its branch goes, unless something was committed to it. */
async function letGo(
  context: GitContext,
  { mirror, baseCommit: base }: Workspace,
  { adminDir }: Places,
): Promise<void> {
  const branch = await branchOf(adminDir);
  if (branch === null || !(await exists(mirror))) return;
  await context.mirrors.withRefs(mirror, () => dropBranch(context, mirror, { branch, base }));
}

function keptPlace({ layout, newId }: GitContext, { folder }: Places, prefix: string): string {
  return join(layout.kept, `${prefix}${basename(folder)}-${newId()}`);
}

/** Makes git forget a worktree whose files are gone, and its branch unless something was committed to it. */
async function unregister(
  context: GitContext,
  { mirror, tree, base }: { readonly mirror: string; readonly tree: string; readonly base: string },
): Promise<void> {
  await context.mirrors.withRefs(mirror, async () => {
    const branch = await branchOf(join(mirror, "worktrees", basename(tree)));
    await pruneWorktrees(context, mirror);
    if (branch !== null) await dropBranch(context, mirror, { branch, base });
  });
}
