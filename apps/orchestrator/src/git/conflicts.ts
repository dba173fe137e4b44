import { AttemptFailure, type Repository } from "@mosaic/domain";
import { GitError, reasonOf } from "@mosaic/git";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { RepositoryUnreachableError, type Workspace } from "./port.ts";
import { remoteRef, resolve } from "./refs.ts";

/** `merge-tree`'s answer that there are conflicts. */
const CONFLICTED = 1;

/**
 * Fetches, and tries to merge a commit with what its base branch has become: paths in conflict, or none. Neither tree nor
 * index is touched, and what the attempt writes is thrown away.
 * @throws AttemptFailure `push` when the remote cannot be read, `conflict` when the branch is gone or unrelated
 */
export async function findConflicts(
  context: GitContext,
  { repository, workspace, commit }: { repository: Repository; workspace: Workspace; commit: string },
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { mirror, baseBranch } = workspace;
  await context.mirrors.fetch(repository, signal).catch((error: unknown) => {
    if (!(error instanceof RepositoryUnreachableError)) throw error;
    throw new AttemptFailure("push", error.message, { cause: error });
  });
  const head = await resolve(context.git, mirror, remoteRef(baseBranch));
  if (head === null) {
    throw new AttemptFailure("conflict", `the repository has no branch '${baseBranch}' any more`);
  }
  if (head === workspace.baseCommit) return [];
  return await mergeInScratch(context, { mirror, head, commit }, signal);
}

interface Merge {
  readonly mirror: string;
  readonly head: string;
  readonly commit: string;
}

async function mergeInScratch(
  { git, layout, limits, newId }: GitContext,
  { mirror, head, commit }: Merge,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const objects = join(layout.scratch, newId());
  await mkdir(objects, { mode: 0o700 });
  try {
    const { code, stdout } = await git.run({
      command: "merge-tree",
      gitDir: mirror,
      options: ["--write-tree", "--name-only", "--no-messages", "-z"],
      values: [head, commit],
      env: { GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: join(mirror, "objects") },
      accept: [0, CONFLICTED],
      timeoutMs: limits.localMs,
      signal,
    });
    // The first field is the merged tree.
    const paths = stdout.toString().split("\0").slice(1);
    return code === CONFLICTED ? [...new Set(paths.filter((path) => path !== ""))] : [];
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    throw new AttemptFailure(
      "conflict",
      `the work cannot be merged with its base branch: ${reasonOf(error.stderr)}`,
      {
        cause: error,
      },
    );
  } finally {
    await rm(objects, { recursive: true, force: true });
  }
}
