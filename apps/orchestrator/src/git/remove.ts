import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { GitContext } from "./context.ts";
import { exists, moveIfThere } from "./exists.ts";
import { salvageOwnCommits } from "./own-commits.ts";
import type { CleanupStep, Workspace } from "./port.ts";
import { loadRecord, type WorkspaceRecord } from "./record.ts";
import { resolve } from "./refs.ts";
import { salvage } from "./salvage.ts";
import { messageOf, step } from "./step.ts";
import { pruneWorktrees } from "./worktree.ts";

/**
 * Removes a workspace. Its files go to the trash only after a salvage that was read back; where none can be made they
 * are moved aside and kept. Never throws: each step says how it ended, and `ok` means that nothing is lost and nothing
 * is left where it was.
 */
export async function removeWorkspace(
  context: GitContext,
  workspace: Workspace,
): Promise<readonly CleanupStep[]> {
  const { tree, privateDir, mirror } = workspace;
  const [salvaged, commits] = await Promise.all([
    step("salvage", () => secure(context, workspace)),
    step("commits", () => secureCommits(context, workspace)),
  ]);
  const steps = [salvaged];
  if (commits.detail !== undefined) steps.push(commits);
  context.reach("cleanup.salvaged");
  if (salvaged.ok) {
    steps.push(
      await step("worktree", async () => ((await context.trash.take(tree)) ? undefined : "was gone already")),
    );
  }
  context.reach("cleanup.moved");
  steps.push(await step("git", () => unregister(context, { mirror, tree, base: workspace.baseCommit })));
  context.reach("cleanup.forgotten");
  // Last: while it is there, the clean-up can be done again.
  if (steps.every(({ ok }) => ok)) {
    steps.push(
      await step("private", async () =>
        (await context.trash.take(privateDir)) ? undefined : "was gone already",
      ),
    );
  }
  return steps;
}

/** Removes what a failed creation made: no agent ever saw it, so there is nothing to lose. */
export async function discardWorkspace(context: GitContext, privateDir: string): Promise<void> {
  const record = await loadRecord(privateDir);
  if (record !== null) {
    await context.trash.take(record.tree);
    await unregister(context, { ...record, base: record.baseCommit });
  }
  await context.trash.take(privateDir);
}

/** Saves the files as a commit or, where that cannot be, moves them to where nobody deletes them. */
async function secure(context: GitContext, workspace: Workspace): Promise<string> {
  const { tree, privateDir } = workspace;
  if (!(await exists(tree))) return "there are no files";
  let record: WorkspaceRecord | null = null;
  try {
    record = await loadRecord(privateDir);
    if (record !== null && !record.ready) return "no agent ever had the files";
    if (record === null) throw new Error("the workspace has no record");
    return await salvage(context, { workspace, record });
  } catch (error) {
    const place = join(context.layout.kept, `${basename(tree)}-${context.newId()}`);
    await moveIfThere(tree, place);
    return `the files are kept at ${place}, because no commit could be made of them: ${messageOf(error)}`;
  }
}

/** Saves what the agent committed or stashed itself or, where that cannot be, keeps its whole git directory. */
async function secureCommits(context: GitContext, workspace: Workspace): Promise<string | undefined> {
  const { tree, privateDir } = workspace;
  try {
    return (await salvageOwnCommits(context, workspace)) ?? undefined;
  } catch (error) {
    const place = join(context.layout.kept, `git-${basename(tree)}-${context.newId()}`);
    await moveIfThere(join(privateDir, "git"), place);
    return `the agent's git directory is kept at ${place}: ${messageOf(error)}`;
  }
}

/** Makes git forget the worktree, and its branch unless something was committed to it. */
async function unregister(
  context: GitContext,
  { mirror, tree, base }: { readonly mirror: string; readonly tree: string; readonly base: string },
): Promise<string | undefined> {
  if (!(await exists(mirror))) return "the mirror is gone";
  const admin = join(mirror, "worktrees", basename(tree));
  return await context.mirrors.withRefs(mirror, async () => {
    const branch = await branchOf(admin);
    await pruneWorktrees(context, mirror);
    if (await exists(admin)) throw new Error(`git still knows the worktree: ${admin}`);
    if (branch === null || (await resolve(context.git, mirror, branch)) !== base) return undefined;
    await context.git.run({ command: "update-ref", gitDir: mirror, options: ["-d"], values: [branch, base] });
    return undefined;
  });
}

/** The ref a worktree is on, or null when it is not on a branch of ours. */
async function branchOf(admin: string): Promise<string | null> {
  const file = join(admin, "HEAD");
  if (!(await exists(file))) return null;
  return /^ref: (refs\/heads\/mosaic\/\S+)/.exec(await readFile(file, "utf8"))?.[1] ?? null;
}
