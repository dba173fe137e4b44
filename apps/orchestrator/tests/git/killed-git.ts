import { createGit, type Git } from "@mosaic/git";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What to do in git's place, as a shell script, before it is killed with SIGKILL. */
const PROGRAMS = (before: string): Readonly<Record<string, string>> => ({
  // Where git looks first for itself: the last thing it does for a worktree is to ask itself for the branch.
  git: `case "$*" in *symbolic-ref*) ${before}; kill -9 $PPID; exit 1;; esac\nPATH="\${PATH#*:}" exec git "$@"`,
  start: 'exec git --exec-path="$(dirname "$0")" "$@"',
});

/** A real git that is killed in the middle of `git worktree add`, when the worktree is there and has no commit yet. */
export async function killedGit(folder: string, before = "true"): Promise<Git> {
  const programs = join(folder, "killed-git");
  await mkdir(programs, { recursive: true });
  for (const [name, script] of Object.entries(PROGRAMS(before))) {
    await writeFile(join(programs, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(programs, name), 0o755);
  }
  return createGit({ home: join(programs, "home"), binary: join(programs, "start") });
}
