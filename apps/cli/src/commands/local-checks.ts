import { execFile } from "node:child_process";
import { access, constants, stat, statfs } from "node:fs/promises";
import { promisify } from "node:util";
import type { Check } from "../render/check-lines.ts";
import { bytes } from "../render/units.ts";

const run = promisify(execFile);

/** `git merge-tree --write-tree` came with 2.38. */
const GIT_NEEDED = [2, 38] as const;
/** Type stripping without a flag came with 22.18. */
const NODE_NEEDED = [22, 18] as const;
/** Below this a few worktrees with their dependencies fill the disk. */
const ROOM_WANTED = 2_000_000_000;

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split(".").map(Number);
  return a > major || (a === major && b >= minor);
}

/** The Node this runs on. */
export function checkNode(version: string): Check {
  return isAtLeast(version, NODE_NEEDED)
    ? { name: "node", outcome: "ok", detail: version }
    : {
        name: "node",
        outcome: "broken",
        detail: `${version} is older than 22.18; use \`npx mosaic\` or Node 24`,
      };
}

/** The git that is found on the PATH. */
export async function checkGit(env: Readonly<Record<string, string | undefined>>): Promise<Check> {
  const needed = GIT_NEEDED.join(".");
  try {
    const { stdout } = await run("git", ["--version"], { env: { PATH: env["PATH"] }, timeout: 10_000 });
    const version = /\d+\.\d+(?:\.\d+)*/.exec(stdout)?.[0];
    if (version === undefined) {
      return { name: "git", outcome: "broken", detail: `\`git --version\` answers '${stdout.trim()}'` };
    }
    return isAtLeast(version, GIT_NEEDED)
      ? { name: "git", outcome: "ok", detail: version }
      : { name: "git", outcome: "broken", detail: `${version} is older than ${needed}; install a newer git` };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "there is none on the PATH" : (error as Error).message;
    return { name: "git", outcome: "broken", detail: `${why}; install git ${needed} or newer` };
  }
}

/** The data folder: private, writable, with room. That it is not there yet is fine. */
export async function checkDataFolder(home: string): Promise<Check> {
  const name = "data folder";
  try {
    const facts = await stat(home);
    if (!facts.isDirectory()) return { name, outcome: "broken", detail: `${home} is not a folder` };
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(home);
    const free = bavail * bsize;
    if ((facts.mode & 0o077) !== 0) {
      return { name, outcome: "broken", detail: `${home} is open to other users; run: chmod 700 ${home}` };
    }
    return free < ROOM_WANTED
      ? { name, outcome: "warning", detail: `${home}: only ${bytes(free)} free` }
      : { name, outcome: "ok", detail: `${home}, ${bytes(free)} free` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      return { name, outcome: "ok", detail: `${home} does not exist yet; \`mosaic up\` makes it` };
    return { name, outcome: "broken", detail: `${home}: ${code === "EACCES" ? "no permission" : message}` };
  }
}
