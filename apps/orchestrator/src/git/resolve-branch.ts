import { BRANCH_PATTERN, OBJECT_ID_PATTERN, type Repository } from "@mosaic/domain";
import type { GitContext } from "./context.ts";
import { BranchNotFoundError } from "./port.ts";
import { branchRef } from "./refs.ts";
import { asUnreachable } from "./remote-failure.ts";

type Reach = Pick<GitContext, "git" | "remotes" | "limits">;

/**
 * The commit a remote's branch is at, asked of the remote itself. Writes nothing.
 * @throws BranchNotFoundError, RepositoryUnreachableError
 */
export async function resolveBranch(
  context: Reach & Pick<GitContext, "heads">,
  repository: Repository,
  branch: string,
  signal?: AbortSignal,
): Promise<string> {
  if (!BRANCH_PATTERN.test(branch)) throw new BranchNotFoundError(branch);
  const commit = await remoteHead(context, repository, { branch, signal });
  if (commit === null) throw new BranchNotFoundError(branch);
  context.heads.saw(repository.url, branch, commit);
  return commit;
}

/** Like {@link resolveBranch}, with null for a branch the remote does not have. @throws RepositoryUnreachableError */
export async function remoteHead(
  { git, remotes, limits }: Reach,
  repository: Repository,
  options: { readonly branch: string; readonly signal?: AbortSignal | undefined },
): Promise<string | null> {
  const ref = branchRef(options.branch);
  try {
    const remote = await remotes.open(repository);
    const { stdout } = await git.run({
      command: "ls-remote",
      values: [remote.url, ref],
      remote,
      timeoutMs: limits.networkMs,
      signal: options.signal,
    });
    // The pattern matches ends of names too; only the exact name counts.
    const line = stdout
      .toString()
      .split("\n")
      .find((candidate) => candidate.endsWith(`\t${ref}`));
    const commit = line?.slice(0, line.indexOf("\t"));
    return commit !== undefined && OBJECT_ID_PATTERN.test(commit) ? commit : null;
  } catch (error) {
    throw asUnreachable(error);
  }
}
