import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** What a file of a fixture is: its text, or more precisely. `null` removes it. */
export type FixtureFile =
  | string
  | Buffer
  | { readonly text: string; readonly executable: true }
  | { readonly link: string }
  | null;
export type FixtureFiles = Readonly<Record<string, FixtureFile>>;

/** A temporary folder with real repositories in it, made with plain git: the other side of what is under test. */
export interface GitFixture {
  readonly folder: string;
  /** Runs git in a folder and answers with what it printed, trimmed. */
  git(cwd: string, ...args: string[]): Promise<string>;
  /** A bare repository with one commit on `branch` (default `main`); answers with its path. */
  remote(files: FixtureFiles, branch?: string): Promise<string>;
  /** Adds a commit to a branch of a bare repository (made from `from`, default `main`, when it is new); answers with its id. */
  commit(remote: string, branch: string, files: FixtureFiles, from?: string): Promise<string>;
  dispose(): Promise<void>;
}

const ENVIRONMENT = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  HOME: "/nonexistent",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Fixture",
  GIT_AUTHOR_EMAIL: "fixture@example.com",
  GIT_COMMITTER_NAME: "Fixture",
  GIT_COMMITTER_EMAIL: "fixture@example.com",
  LC_ALL: "C",
};

/** @param prefix start of the temporary folder's name */
export async function createGitFixture(prefix = "mosaic-git-"): Promise<GitFixture> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const git = async (cwd: string, ...args: string[]): Promise<string> => {
    const options = { cwd, env: ENVIRONMENT, maxBuffer: 64 * 1024 * 1024 };
    return (await execute("git", args, options)).stdout.trim();
  };
  const commit: GitFixture["commit"] = async (remote, branch, files, from = "main") => {
    const clone = join(folder, `clone-${randomUUID()}`);
    await git(folder, "clone", "--quiet", "--no-checkout", remote, clone);
    const known = await git(clone, "for-each-ref", `refs/remotes/origin/${branch}`);
    const start = await git(clone, "for-each-ref", `refs/remotes/origin/${from}`);
    if (known !== "") await git(clone, "checkout", "--quiet", branch);
    else if (start !== "") await git(clone, "checkout", "--quiet", "-b", branch, `origin/${from}`);
    else await git(clone, "checkout", "--quiet", "--orphan", branch);
    await writeFixtureFiles(clone, files);
    await git(clone, "add", "--all", "--force");
    await git(clone, "commit", "--quiet", "--allow-empty", "--message", `Change ${branch}`);
    await git(clone, "push", "--quiet", "origin", branch);
    const id = await git(clone, "rev-parse", "HEAD");
    await rm(clone, { recursive: true });
    return id;
  };
  return {
    folder,
    git,
    commit,
    remote: async (files, branch = "main") => {
      const path = join(folder, `remote-${randomUUID()}.git`);
      await git(folder, "init", "--quiet", "--bare", `--initial-branch=${branch}`, path);
      await commit(path, branch, files);
      return path;
    },
    dispose: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Writes files below a folder, as a person or an agent would. */
export async function writeFixtureFiles(folder: string, files: FixtureFiles): Promise<void> {
  for (const [name, file] of Object.entries(files)) {
    const path = join(folder, name);
    if (file === null) {
      await rm(path, { recursive: true, force: true });
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    if (typeof file === "string" || Buffer.isBuffer(file)) {
      await writeFile(path, file);
    } else if ("link" in file) {
      await symlink(file.link, path);
    } else {
      await writeFile(path, file.text);
      await chmod(path, 0o755);
    }
  }
}
