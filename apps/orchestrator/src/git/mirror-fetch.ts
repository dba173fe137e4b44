import type { Repository } from "@mosaic/domain";
import { GitError } from "@mosaic/git";
import type { GitContext } from "./context.ts";

/** Remote branches get their own name space: they never meet the branches we make. */
const HEADS = "+refs/heads/*:refs/remotes/origin/*";

/**
 * At its end a fetch looks at the heads of all worktrees, and meets one that git is just making: it has no commit yet
 * (git 2.39). It is tried again when whoever makes it is done or dead. To hold the lock meanwhile would make everybody
 * wait for remotes, so that is done only when the next ones were met again and again: on a machine that is short of
 * processor time, making one takes seconds.
 */
const HALF_MADE_WORKTREE = /bad object worktrees\//;
const TRIES = 5;

/**
 * Brings every branch of the remote into the mirror, and forgets the ones it no longer has. Objects are checked
 * (fsck) before they get in.
 */
export async function fetchHeads(context: Context, repository: Repository, at: Target): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      const fetch = (): Promise<void> => fetchOnce(context, repository, at);
      return await (tried === TRIES && at.alone !== undefined ? at.alone(fetch) : fetch());
    } catch (error) {
      const halfMade = error instanceof GitError && HALF_MADE_WORKTREE.test(error.stderr);
      if (!halfMade || tried === TRIES) throw error;
      await at.alone?.(() => Promise.resolve());
    }
  }
}

type Context = Pick<GitContext, "git" | "remotes" | "limits">;

interface Target {
  readonly mirror: string;
  readonly signal: AbortSignal;
  /** Runs something while nobody makes a worktree in the mirror, and none is there that is half made. */
  readonly alone?: (action: () => Promise<void>) => Promise<void>;
}

async function fetchOnce(
  { git, remotes, limits }: Context,
  repository: Repository,
  { mirror, signal }: Target,
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
