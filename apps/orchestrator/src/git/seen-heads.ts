/** Heads of remote branches as the remotes named them a moment ago. */
export interface SeenHeads {
  saw(url: string, branch: string, commit: string): void;
  /** Where a branch was when a remote was last asked, if that is no longer ago than an answer takes to be of use. */
  lately(url: string, branch: string): string | null;
}

/**
 * A task that is worked on at once was admitted a moment before, and its branch looked up then. Longer ago, the remote
 * is asked again. Milliseconds.
 */
const A_MOMENT_MS = 3000;

export function createSeenHeads({ now }: { readonly now: () => Date }): SeenHeads {
  const seen = new Map<string, { readonly commit: string; readonly at: number }>();
  const isOld = ({ at }: { readonly at: number }): boolean => {
    const age = now().getTime() - at;
    // A clock that was set back tells nothing.
    return age > A_MOMENT_MS || age < 0;
  };
  const keyOf = (url: string, branch: string): string => `${branch} ${url}`;
  return {
    saw(url, branch, commit) {
      for (const [key, head] of seen) if (isOld(head)) seen.delete(key);
      seen.set(keyOf(url, branch), { commit, at: now().getTime() });
    },
    lately(url, branch) {
      const head = seen.get(keyOf(url, branch));
      return head === undefined || isOld(head) ? null : head.commit;
    },
  };
}
