import { AttemptFailure, type Repository } from "@mosaic/domain";
import type { GitContext } from "./context.ts";
import { RepositoryUnreachableError, type Workspace } from "./port.ts";
import { remoteRef, resolve } from "./refs.ts";

/**
 * Fetches, and answers with the commit a workspace's base branch is at now.
 * @throws AttemptFailure `push` when the remote cannot be read, `conflict` when the branch is gone
 */
export async function fetchBaseHead(
  context: GitContext,
  { repository, workspace }: { readonly repository: Repository; readonly workspace: Workspace },
  signal?: AbortSignal,
): Promise<string> {
  const { mirror, baseBranch } = workspace;
  await context.mirrors.fetch(repository, signal).catch((error: unknown) => {
    if (!(error instanceof RepositoryUnreachableError)) throw error;
    throw new AttemptFailure("push", error.message, { cause: error });
  });
  const head = await resolve(context.git, mirror, remoteRef(baseBranch));
  if (head === null) {
    throw new AttemptFailure("conflict", `the repository has no branch '${baseBranch}' any more`);
  }
  return head;
}
