import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { demoRepositoryPath } from "@mosaic/replay";

const execute = promisify(execFile);

export interface DemoRepository {
  /** The bare repository that agents clone from and push to. */
  readonly remote: string;
  readonly branch: string;
}

/**
 * Makes a small, real TypeScript repository with a failing test, and a bare remote for it, in `folder`.
 * The person's own git configuration stays out of it.
 */
export async function makeDemoRepository(folder: string, path: string): Promise<DemoRepository> {
  const work = join(folder, "repository");
  const remote = join(folder, "remote.git");
  const env = {
    PATH: path,
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "Demo",
    GIT_AUTHOR_EMAIL: "demo@localhost",
    GIT_COMMITTER_NAME: "Demo",
    GIT_COMMITTER_EMAIL: "demo@localhost",
  };
  const git = (...args: string[]) => execute("git", args, { cwd: folder, env });
  await cp(demoRepositoryPath(), work, { recursive: true });
  await git("init", "--quiet", "--initial-branch=main", work);
  await git("-C", work, "add", "--all");
  await git("-C", work, "commit", "--quiet", "--message", "A library with one failing test");
  await git("clone", "--quiet", "--bare", work, remote);
  return { remote, branch: "main" };
}
