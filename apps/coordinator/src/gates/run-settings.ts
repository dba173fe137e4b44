import { lstat, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CommitTree } from "../checkout/read-commit.ts";
import { removeUntrusted } from "../checkout/untrusted-file.ts";

/**
 * Settings of the programs that run a gate's command rather than of what it runs: each can put another shell, another
 * program or a preloaded file in its place (npm's `script-shell` and `node-options`, yarn's `yarnPath`, cargo's `runner`).
 */
const RUN_SETTINGS =
  /(?:^|\/)(?:\.npmrc|\.yarnrc|\.yarnrc\.yml|\.pnpmfile\.c?js|bunfig\.toml|\.cargo\/config(?:\.toml)?)$/;
/** A link in place of the folder would lead past the check of the file. */
const THEIR_FOLDERS = /(?:^|\/)\.cargo$/;

/**
 * Gives a gate's copy of the tree the base branch's settings of the programs that run its command, as it gets the base
 * branch's scripts.
 * @returns the paths that are not the commit's
 */
export async function restoreRunSettings(
  copy: string,
  { base, commit }: { readonly base: CommitTree; readonly commit: CommitTree },
): Promise<readonly string[]> {
  const links = [...commit.links].filter((path) => RUN_SETTINGS.test(path) || THEIR_FOLDERS.test(path));
  const files = [...new Set([...base.paths, ...commit.paths])].filter(
    (path) => RUN_SETTINGS.test(path) && base.blobs.get(path) !== commit.blobs.get(path),
  );
  const restored = [...new Set([...links, ...files])].toSorted();
  for (const path of restored) await removeUntrusted(copy, path);
  const given = restored
    .flatMap((path) => [path, ...[...base.paths].filter((other) => other.startsWith(`${path}/`))])
    .filter((path) => base.paths.has(path));
  for (const path of new Set(given)) await writeBack(copy, path, await base.contents([path]));
  return restored;
}

/** Where the commit has something else in the way, the base's file has no place: the settings are then none at all. */
async function writeBack(copy: string, path: string, [content]: readonly Buffer[]): Promise<void> {
  let folder = copy;
  for (const part of dirname(path)
    .split("/")
    .filter((name) => name !== ".")) {
    folder = join(folder, part);
    const found = await lstat(folder).catch(() => null);
    if (found !== null && !found.isDirectory()) await rm(folder, { force: true });
    if (found?.isDirectory() !== true) await mkdir(folder);
  }
  await writeFile(join(copy, path), content ?? "", { flag: "wx" });
}
