import { lstat, readdir, readFile, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { AttemptFailure } from "@mosaic/domain";

/** A skill the owner provides: a folder with instructions and further files. */
export interface Skill {
  readonly name: string;
  /** Host folder. */
  readonly folder: string;
  /** Content of its SKILL.md. */
  readonly text: string;
}

export const SKILL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Largest SKILL.md, in bytes: it is quoted in the first prompt. */
const MAX_TEXT_BYTES = 32_768;
const MAX_ENTRIES = 5000;

/**
 * The owner's skill of this name, or null when there is none. Looked up for each agent, so that it may change.
 * @param root the owner's folder of skills; undefined has none
 * @throws AttemptFailure `environment` when it is there but must not be shown: a link leads out of it, say
 */
export async function findSkill(root: string | undefined, name: string): Promise<Skill | null> {
  if (root === undefined || !SKILL_NAME.test(name)) return null;
  const place = join(root, name);
  const stats = await ifThere(lstat(place));
  if (stats === null) return null;
  const folder = await realpath(place);
  if (!isBelow(folder, await realpath(root)))
    throw refused(name, "is a link that leads out of the folder of skills");
  if (!(await stat(folder)).isDirectory()) throw refused(name, "is no folder");
  await checkEntries(name, folder);
  const file = await ifThere(stat(join(folder, "SKILL.md")));
  if (file?.isFile() !== true) throw refused(name, "has no SKILL.md");
  if (file.size > MAX_TEXT_BYTES) throw refused(name, `has a SKILL.md of more than ${MAX_TEXT_BYTES} bytes`);
  return { name, folder, text: await readFile(join(folder, "SKILL.md"), "utf8") };
}

/** Everything in it is shown to an agent: only files and folders, and links that stay within. */
async function checkEntries(name: string, root: string): Promise<void> {
  let left = MAX_ENTRIES;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      left -= 1;
      if (left < 0) throw refused(name, `has more than ${MAX_ENTRIES} files`);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isSymbolicLink()) {
        const target = await ifThere(realpath(path));
        if (target === null || !isBelow(target, root))
          throw refused(name, `has a link that leads out of it: ${relative(root, path)}`);
      } else if (!entry.isFile())
        throw refused(name, `has something that is no file: ${relative(root, path)}`);
    }
  }
}

function isBelow(path: string, folder: string): boolean {
  const rest = relative(folder, path);
  return rest !== "" && rest !== ".." && !rest.startsWith("../") && !isAbsolute(rest);
}

function refused(name: string, why: string): AttemptFailure {
  return new AttemptFailure("environment", `the skill '${name}' of MOSAIC_SKILLS_FOLDER ${why}`);
}

async function ifThere<T>(work: Promise<T>): Promise<T | null> {
  return await work.catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
}
