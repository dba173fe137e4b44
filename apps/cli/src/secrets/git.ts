import { execFile } from "node:child_process";
import { usageError } from "../exit.ts";

/** git in a person's own repository, with the environment it was called with: a hook is told its index there. */
export interface PersonsGit {
  /** @throws Error with git's own words */
  run(args: readonly string[], options?: { readonly maxBytes?: number }): Promise<Buffer>;
  /** Every value of a key, from all of git's configuration. */
  configured(key: string): Promise<readonly string[]>;
}

const MAX_BYTES = 64 * 1024 * 1024;

export function createGit(cwd: string, env: Readonly<Record<string, string | undefined>>): PersonsGit {
  const run: PersonsGit["run"] = (args, { maxBytes = MAX_BYTES } = {}) =>
    new Promise((resolve, reject) => {
      const options = { cwd, env, maxBuffer: maxBytes, encoding: "buffer" } as const;
      execFile("git", [...args], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(Object.assign(error, { message: stderr.toString().trim() || error.message }));
      });
    });
  return {
    run,
    configured: async (key) => {
      try {
        const stdout = await run(["config", "-z", "--get-all", key]);
        return stdout.toString().split("\0").slice(0, -1);
      } catch (error) {
        // 1 is git's answer for a key that is not set.
        if ((error as { code?: unknown }).code === 1) return [];
        throw error;
      }
    },
  };
}

/** The top folder of the work tree around `folder`, or null outside of one. */
export async function findTop(git: PersonsGit): Promise<string | null> {
  return await git.run(["rev-parse", "--show-toplevel"]).then(
    (stdout) => stdout.toString().replace(/\n$/, ""),
    () => null,
  );
}

/** @throws CliError (exit 2) */
export async function requireTop(git: PersonsGit, folder: string): Promise<string> {
  const top = await findTop(git);
  if (top === null) throw usageError(`${folder} is not in a git repository`);
  return top;
}
