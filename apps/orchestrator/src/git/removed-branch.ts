import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { exists } from "./exists.ts";
import { resolve } from "./refs.ts";

/** The ref a worktree is on, or null when it is not on a branch of ours. `admin` is git's own part of the worktree. */
export async function branchOf(admin: string): Promise<string | null> {
  const file = join(admin, "HEAD");
  if (!(await exists(file))) return null;
  return /^ref: (refs\/heads\/mosaic\/\S+)/.exec(await readFile(file, "utf8"))?.[1] ?? null;
}

/** Deletes a branch that is still where it began. Call it through `withRefs`. */
export async function dropBranch(
  { git }: Pick<GitContext, "git">,
  mirror: string,
  { branch, base }: { readonly branch: string; readonly base: string },
): Promise<void> {
  if ((await resolve(git, mirror, branch)) !== base) return;
  await git.run({ command: "update-ref", gitDir: mirror, options: ["-d"], values: [branch, base] });
}
