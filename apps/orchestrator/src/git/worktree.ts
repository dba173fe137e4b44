import { AttemptFailure, branchName } from "@mosaic/domain";
import type { ObjectReader } from "@mosaic/git";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { discardHalfMade } from "./half-made-worktrees.ts";
import { branchRef, remoteRef } from "./refs.ts";
import { dropBranch } from "./removed-branch.ts";

export interface Worktree {
  readonly branch: string;
  /** git's own folder for this worktree in the mirror: HEAD and index. Trusted, never shown to an agent. */
  readonly adminDir: string;
}

interface WorktreeRequest {
  /** Of the mirror: it says which branches there are at the moment. */
  readonly objects: ObjectReader;
  readonly mirror: string;
  readonly tree: string;
  readonly agentId: string;
  readonly taskId: string;
  readonly commit: string;
}

type Adding = Pick<GitContext, "git" | "trash" | "onProblem">;

/**
 * Registers an empty worktree on a new branch. Call it through `withRefs`: the branch is chosen and taken in one go, and
 * what a git that fails or is killed leaves of it is gone before anybody else has the mirror.
 */
export async function addWorktree(context: Adding, request: WorktreeRequest): Promise<Worktree> {
  const { objects, mirror, tree, agentId, taskId, commit } = request;
  const branch = await freeBranch(objects, branchName(agentId, taskId));
  try {
    await context.git.run({
      command: "worktree",
      gitDir: mirror,
      options: ["add", "--quiet", "--no-checkout", ["-b", branch]],
      values: [tree, commit],
    });
  } catch (error) {
    await undoAdding(context, mirror, { branch: branchRef(branch), base: commit }).catch((problem: unknown) =>
      context.onProblem(`what was made of the worktree ${tree} is left; the next fetch discards it`, problem),
    );
    throw error;
  }
  return { branch, adminDir: await adminDirOf(tree) };
}

async function undoAdding(
  context: Adding,
  mirror: string,
  branch: Parameters<typeof dropBranch>[2],
): Promise<void> {
  await discardHalfMade(context, mirror);
  await dropBranch(context, mirror, branch);
}

/** The wanted name, or the next that neither the mirror nor the remote has (ORCH-111). */
async function freeBranch(objects: ObjectReader, wanted: string): Promise<string> {
  const isTaken = async (ref: string): Promise<boolean> => (await objects.info(ref)) !== null;
  const folder = wanted.slice(0, wanted.indexOf("/"));
  if (await isTaken(remoteRef(folder))) {
    throw new AttemptFailure(
      "workspace",
      `the repository has a branch called '${folder}', so git cannot make '${wanted}' beside it; rename that branch`,
    );
  }
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    const taken = await Promise.all([isTaken(branchRef(name)), isTaken(remoteRef(name))]);
    if (!taken.includes(true)) return name;
  }
}

/** Fills the worktree with its commit's files, on as many cores as there are. */
export async function checkOut(
  { git, limits }: Pick<GitContext, "git" | "limits">,
  { adminDir, tree, signal }: { adminDir: string; tree: string; signal: AbortSignal | undefined },
): Promise<{ readonly files: number }> {
  await git.run({
    command: "read-tree",
    gitDir: adminDir,
    workTree: tree,
    options: ["--reset", "-u"],
    values: ["HEAD"],
    timeoutMs: limits.localMs,
    signal,
  });
  return { files: await indexEntries(join(adminDir, "index")) };
}

/** Forgets worktrees whose folder is gone. Call it through `withRefs`. */
export async function pruneWorktrees({ git }: Pick<GitContext, "git">, mirror: string): Promise<void> {
  await git.run({ command: "worktree", gitDir: mirror, options: ["prune", "--expire", "now"] });
}

/** Where git keeps its part of a fresh worktree. Only before an agent could write there. */
async function adminDirOf(tree: string): Promise<string> {
  const pointer = await readFile(join(tree, ".git"), "utf8");
  return pointer.replace(/^gitdir: /, "").trim();
}

/** The number of entries is in the header of an index: signature, version, count, 4 bytes each. */
async function indexEntries(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(12), 0, 12, 0);
    return buffer.readUInt32BE(8);
  } finally {
    await file.close();
  }
}
