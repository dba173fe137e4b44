import { AttemptFailure } from "@mosaic/domain";
import type { GitVariable } from "@mosaic/git";
import type { GitContext } from "./context.ts";

interface Sides {
  readonly mirror: string;
  readonly head: string;
  readonly commit: string;
  readonly base: string;
}

/**
 * True when the head still holds the commit the work was made on: the branch only grew.
 * @throws AttemptFailure `conflict` when the two have nothing in common
 */
export async function isStillThere(
  { git }: Pick<GitContext, "git">,
  { mirror, head, base }: Sides,
): Promise<boolean> {
  const { code, stdout } = await git.run({
    command: "merge-base",
    gitDir: mirror,
    values: [base, head],
    accept: [0, 1],
  });
  if (code === 1) {
    throw new AttemptFailure(
      "conflict",
      `the base branch was replaced by an unrelated history (${head}); start the task again on it`,
    );
  }
  return stdout.toString().trim() === base;
}

/**
 * The two sides as commits of their own on the work's base. Where a branch was rewritten, what git would find in common
 * is older than that base, and a merge would bring back what was taken out of the branch.
 */
export async function graft(
  { git }: Pick<GitContext, "git">,
  { mirror, head, commit, base }: Sides,
  env: Partial<Record<GitVariable, string>>,
): Promise<{ readonly head: string; readonly commit: string; readonly root: string }> {
  // git reads small numbers as something else than seconds.
  const date = "@0 +0000";
  const make = async (tree: string, parent?: string): Promise<string> => {
    const { stdout } = await git.run({
      command: "commit-tree",
      gitDir: mirror,
      options: parent === undefined ? [] : [["-p", parent]],
      values: [`${tree}^{tree}`],
      stdin: "graft\n",
      env: {
        ...env,
        GIT_AUTHOR_NAME: "mosaic",
        GIT_AUTHOR_EMAIL: "mosaic@localhost",
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: "mosaic",
        GIT_COMMITTER_EMAIL: "mosaic@localhost",
        GIT_COMMITTER_DATE: date,
      },
    });
    return stdout.toString().trim();
  };
  const root = await make(base);
  return { head: await make(head, root), commit: await make(commit, root), root };
}
