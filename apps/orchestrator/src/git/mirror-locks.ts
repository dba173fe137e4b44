import { readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { exists, namesIn } from "./exists.ts";

/** Lock files a fetch of ours can leave when it is killed. */
const OF_A_FETCH = /^(?:packed-refs|shallow)\.lock$|^refs\/remotes\/.*\.lock$/;
/** Beside them, objects and packs that a git did not live, or have the space, to finish. */
const ANY = /\.lock$|^objects\/(?:pack|[0-9a-f]{2})\/(?:tmp_|\.tmp-)/;

/**
 * Removes lock files that a killed fetch left. Call it only while no other process of ours moves refs in the mirror.
 */
export async function removeFetchLocks(mirror: string): Promise<void> {
  await removeMatching(mirror, OF_A_FETCH, ["", "refs"]);
}

/**
 * Removes every lock and unfinished file of a former process, unless one of its git processes still lives. Returns what it removed.
 */
export async function removeFormerLocks(mirror: string): Promise<readonly string[]> {
  return (await isInUse(mirror))
    ? []
    : await removeMatching(mirror, ANY, ["", "refs", "worktrees", "objects"]);
}

async function removeMatching(
  mirror: string,
  pattern: RegExp,
  folders: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const options = { withFileTypes: true, recursive: folder !== "" } as const;
    if (!(await exists(join(mirror, folder)))) continue;
    const entries = await readdir(join(mirror, folder), options);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && pattern.test(relative(mirror, path))) found.push(path);
    }
  }
  for (const path of found) await rm(path, { force: true });
  return found;
}

/** Whether a git process that is not our child works on the mirror. Without /proc nobody can tell: then it is. */
async function isInUse(mirror: string): Promise<boolean> {
  const ids = (await namesIn("/proc")).filter((name) => /^\d+$/.test(name));
  if (ids.length === 0) return true;
  const uses = await Promise.all(
    ids.map(async (id) => {
      const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
      if (!command.split("\0").includes(`--git-dir=${mirror}`)) return false;
      const stat = await readFile(`/proc/${id}/stat`, "utf8").catch(() => "");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return parent !== process.pid;
    }),
  );
  return uses.includes(true);
}
