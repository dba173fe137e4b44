import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { exists, namesIn } from "./exists.ts";

/**
 * Removes what git has of worktrees whose making was cut off. git locks a worktree until it is made, so `git worktree
 * prune` never takes such a one; it has no commit, and no fetch gets past it. Call it through `withRefs`: nobody makes a
 * worktree meanwhile, so that one which is locked is dead. Answers with how many there were.
 */
export async function discardHalfMade({ trash }: Pick<GitContext, "trash">, mirror: string): Promise<number> {
  const folder = join(mirror, "worktrees");
  let discarded = 0;
  for (const name of await namesIn(folder)) {
    // Nobody but git itself locks worktrees here.
    if (!(await exists(join(folder, name, "locked")))) continue;
    if (await trash.take(join(folder, name))) discarded += 1;
  }
  return discarded;
}
