import { AttemptFailure } from "@mosaic/domain";
import { GitError, type ObjectReader } from "@mosaic/git";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { GitContext } from "./context.ts";
import { moveIfThere } from "./exists.ts";
import { folderName } from "./layout.ts";
import {
  BranchNotFoundError,
  RepositoryUnreachableError,
  type Workspace,
  type WorkspaceRequest,
} from "./port.ts";
import { gitMounts, INSIDE, makeThrowAwayGitDir } from "./private-git-dir.ts";
import { askMirror } from "./read-mirror.ts";
import { saveRecord, type WorkspaceRecord } from "./record.ts";
import { branchRef, remoteRef } from "./refs.ts";
import { discardWorkspace } from "./remove.ts";
import { surveyCommit } from "./survey-commit.ts";
import { addWorktree, checkOut } from "./worktree.ts";

/**
 * Brings the mirror up to date, and makes a workspace on the head of its base branch. When it fails or is aborted, nothing of it is left.
 * @throws AttemptFailure `workspace`; the signal's reason
 */
export async function createWorkspace(
  context: GitContext,
  request: WorkspaceRequest,
  signal?: AbortSignal,
): Promise<Workspace> {
  try {
    const { repository, baseBranch, onBase } = request;
    const seen = context.heads.lately(repository.url, baseBranch);
    const known = seen === null ? null : context.mirrors.known(repository.url);
    const mirror = known ?? (await context.mirrors.fetch(repository, signal));
    return await askMirror(context, { mirror, signal }, async (objects) => {
      const head = async (): Promise<string | null> =>
        (await objects.info(remoteRef(baseBranch)))?.id ?? null;
      let commit = await head();
      // The remote said where its branch is, a moment ago: what is there already need not be fetched.
      if (known !== null && commit !== seen) {
        await context.mirrors.fetch(repository, signal);
        commit = await head();
      }
      context.reach("mirror.fetched");
      if (commit === null) throw new BranchNotFoundError(baseBranch);
      onBase?.({ mirror, baseCommit: commit });
      return await make(context, request, { objects, mirror, commit, signal });
    });
  } catch (error) {
    const known = [BranchNotFoundError, RepositoryUnreachableError, GitError].some(
      (kind) => error instanceof kind,
    );
    if (!known) throw error;
    throw new AttemptFailure("workspace", (error as Error).message, { cause: error });
  }
}

interface Base {
  readonly objects: ObjectReader;
  readonly mirror: string;
  readonly commit: string;
  readonly signal: AbortSignal | undefined;
}

async function make(context: GitContext, request: WorkspaceRequest, base: Base): Promise<Workspace> {
  const { agentId, taskId } = request;
  const { objects, mirror, commit, signal } = base;
  const name = folderName(agentId, taskId);
  const tree = join(context.layout.workspaces, name);
  const privateDir = join(context.layout.private, name);
  await mkdir(privateDir, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
    throw new AttemptFailure("workspace", `agent ${agentId} has a workspace already`);
  });
  const planned = plan(request, { mirror, commit, tree });
  try {
    // First of all, so that a crash from here on leaves something that can be cleaned up by name.
    await saveRecord(privateDir, planned);
    context.reach("workspace.planned");
    const links = await surveyCommit(context, { mirror, commit }, signal);
    await makeWay(context, tree);
    const worktree = await context.mirrors.withRefs(mirror, () =>
      addWorktree(context, { ...request, objects, mirror, tree, commit }),
    );
    context.reach("worktree.added");
    const added = { ...planned, ...worktree };
    await saveRecord(privateDir, added);
    const { files } = await checkOut(context, { adminDir: worktree.adminDir, tree, signal });
    context.reach("worktree.filled");
    const record = { ...added, files, ready: true, gitlinks: [...links] };
    await giveGit(context, privateDir, record);
    await saveRecord(privateDir, record);
    signal?.throwIfAborted();
    return workspaceOf(privateDir, record);
  } catch (error) {
    await discardWorkspace(context, privateDir);
    throw error;
  }
}

function plan(
  { agentId, taskId, baseBranch }: WorkspaceRequest,
  { mirror, commit, tree }: { mirror: string; commit: string; tree: string },
): WorkspaceRecord {
  return {
    version: 1,
    agentId,
    taskId,
    mirror,
    baseBranch,
    baseCommit: commit,
    tree,
    branch: null,
    adminDir: null,
    files: 0,
    ready: false,
    gitlinks: [],
  };
}

/** A folder of the same name that no record knows of: moved aside, since nobody can tell what is in it (ORCH-111). */
async function makeWay({ layout, newId }: GitContext, tree: string): Promise<void> {
  await moveIfThere(tree, join(layout.kept, `${basename(tree)}-${newId()}`));
}

/** The agent's own git directory, and the pointer to it that the sandbox mounts over the tree's. */
async function giveGit(
  context: GitContext,
  privateDir: string,
  record: WorkspaceRecord & { branch: string; adminDir: string },
): Promise<void> {
  const ref = branchRef(record.branch);
  const gitDir = await makeThrowAwayGitDir({
    folder: privateDir,
    mirror: record.mirror,
    index: join(record.adminDir, "index"),
    head: ref,
    refs: { [ref]: record.baseCommit, [remoteRef(record.baseBranch)]: record.baseCommit },
    identity: context.identity,
  });
  await writeFile(join(privateDir, "gitfile"), `gitdir: ${INSIDE.git}\n`);
  // Where nothing can be mounted, the tree's own pointer has to lead there.
  if (!context.sandbox.isolates) await writeFile(join(record.tree, ".git"), `gitdir: ${gitDir}\n`);
}

/** A workspace as its record describes it. */
export function workspaceOf(privateDir: string, record: WorkspaceRecord): Workspace {
  const { mirror, tree } = record;
  return {
    agentId: record.agentId,
    taskId: record.taskId,
    branch: record.branch ?? "",
    baseBranch: record.baseBranch,
    baseCommit: record.baseCommit,
    mirror,
    tree,
    privateDir,
    files: record.files,
    mounts: [
      ...gitMounts(privateDir, { mirror, tree, writable: true }),
      { source: join(privateDir, "gitfile"), target: `${INSIDE.tree}/.git`, writable: false },
    ],
    env: {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
    },
  };
}
