import type { Mount } from "@mosaic/sandbox";
import { copyFile, mkdir, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Identity } from "./context.ts";

/** Where a sandbox sees things. */
export const INSIDE = { tree: "/tree", git: "/mosaic/git", objects: "/mosaic/objects" } as const;

/**
 * The mirror's objects as seen from a git directory's `objects`: beside it, inside as well as outside. On the host a
 * link beside it leads there, inside a mount.
 */
const ALTERNATE = "../../objects\n";

interface Contents {
  /** Folder for the git directory (`git`) and the link to the mirror's objects (`objects`). */
  readonly folder: string;
  readonly mirror: string;
  /** An index to start from; it is copied. */
  readonly index: string;
  readonly head: string;
  readonly refs: Readonly<Record<string, string>>;
  readonly identity?: Identity;
}

/**
 * A git directory that may be broken by whoever uses it: it borrows every object from the mirror and shares nothing
 * else (layout L5 of the research note "sandbox and git", section 1.5).
 */
export async function makeThrowAwayGitDir(contents: Contents): Promise<string> {
  const { folder, mirror, index, head, refs } = contents;
  const gitDir = join(folder, "git");
  await mkdir(join(gitDir, "objects", "info"), { recursive: true, mode: 0o700 });
  await mkdir(join(gitDir, "objects", "pack"));
  await mkdir(join(gitDir, "refs"));
  await mkdir(join(gitDir, "info"));
  await symlink(join(mirror, "objects"), join(folder, "objects"));
  const sha256 = Object.values(refs).some((id) => id.length === 64);
  await writeFile(join(gitDir, "objects", "info", "alternates"), ALTERNATE);
  await writeFile(join(gitDir, "HEAD"), `ref: ${head}\n`);
  await writeFile(join(gitDir, "config"), config(sha256, contents.identity));
  const lines = Object.entries(refs).map(([name, id]) => `${id} ${name}\n`);
  await writeFile(join(gitDir, "packed-refs"), lines.toSorted().join(""));
  await copyIndex(index, join(gitDir, "index"));
  await copyFile(join(mirror, "shallow"), join(gitDir, "shallow")).catch(ifMissing);
  return gitDir;
}

/** How a sandbox sees the tree and the throw-away git directory made in `folder`. */
export function gitMounts(
  folder: string,
  place: { readonly mirror: string; readonly tree: string; readonly writable: boolean },
): readonly Mount[] {
  return [
    { source: place.tree, target: INSIDE.tree, writable: place.writable },
    { source: join(folder, "git"), target: INSIDE.git, writable: true },
    { source: join(place.mirror, "objects"), target: INSIDE.objects, writable: false },
  ];
}

/**
 * Copies an index with a time not later than its own: git trusts what it knows of a file only when that file is older
 * than the index.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const { atimeMs, mtimeMs } = await stat(from);
  await utimes(to, Math.floor(atimeMs) / 1000, Math.floor(mtimeMs) / 1000);
}

function config(sha256: boolean, identity: Identity | undefined): string {
  const lines = [
    "[core]",
    `\trepositoryformatversion = ${sha256 ? 1 : 0}`,
    "\tfilemode = true",
    "\tbare = false",
    "\tlogallrefupdates = true",
    "[gc]",
    "\tauto = 0",
    "[maintenance]",
    "\tauto = false",
    ...(sha256 ? ["[extensions]", "\tobjectformat = sha256"] : []),
    ...(identity === undefined
      ? []
      : ["[user]", `\tname = ${quoted(identity.name)}`, `\temail = ${quoted(identity.email)}`]),
  ];
  return `${lines.join("\n")}\n`;
}

const quoted = (text: string): string =>
  `"${text.replaceAll(/[\r\n\0]/g, " ").replaceAll(/["\\]/g, String.raw`\$&`)}"`;

function ifMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
