import type { Repository } from "@mosaic/domain";
import type { GitContext } from "./context.ts";

/** Remote branches get their own name space: they never meet the branches we make. */
const HEADS = "+refs/heads/*:refs/remotes/origin/*";

/**
 * Brings every branch of the remote into the mirror, and forgets the ones it no longer has. Objects are checked
 * (fsck) before they get in.
 */
export async function fetchHeads(
  { git, remotes, limits }: Pick<GitContext, "git" | "remotes" | "limits">,
  repository: Repository,
  { mirror, signal }: { readonly mirror: string; readonly signal: AbortSignal },
): Promise<void> {
  const remote = await remotes.open(repository);
  await git.run({
    command: "fetch",
    gitDir: mirror,
    options: [
      "--quiet",
      "--prune",
      "--no-tags",
      "--no-write-fetch-head",
      "--no-auto-maintenance",
      "--no-show-forced-updates",
      // People's clones and CI checkouts are often shallow.
      "--update-shallow",
    ],
    values: [remote.url, HEADS],
    remote,
    timeoutMs: limits.networkMs,
    signal,
  });
}
