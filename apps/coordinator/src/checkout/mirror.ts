import { ProblemError } from "@mosaic/contracts";
import { type Git, type ObjectReader, openObjects } from "@mosaic/git";
import { realpath, stat } from "node:fs/promises";
import { isAbsolute, sep } from "node:path";
import { createKnown, type Known } from "./known.ts";

/** A bare repository below one of the allowed folders, by its real path. */
export interface Mirror {
  readonly git: Git;
  readonly path: string;
  readonly objects: ObjectReader;
  readonly known: Known;
}

/** The repositories requests may name. */
export interface Mirrors {
  /**
   * Looks into the repository a request names, after checking that it may be read: an existing bare repository whose
   * real path lies below one of the allowed folders. No process of it is left when this settles.
   * @throws ProblemError `invalid_request`
   */
  reading<T>(path: string, signal: AbortSignal, look: (mirror: Mirror) => Promise<T>): Promise<T>;
}

/** @param roots folders whose repositories may be read */
export function createMirrors(git: Git, roots: readonly string[]): Mirrors {
  const known = createKnown();
  /** Whether it is a bare repository, by path and the folder that lay there. */
  const bare = new Map<string, Promise<boolean>>();
  return {
    async reading(path, signal, look) {
      if (!isAbsolute(path) || path.includes("\0")) throw refused(path, "it is not an absolute path");
      const [real, allowed] = await Promise.all([resolved(path), Promise.all(roots.map(resolved))]);
      // The same words for "not there" and "not allowed": callers must not learn which files exist.
      const isBelow = allowed.some((root) => real !== null && root !== null && real.startsWith(root + sep));
      if (real === null || !isBelow)
        throw refused(path, "there is no such repository below the allowed folders");
      const folder = await stat(real);
      const identity = `${folder.dev} ${folder.ino} ${real}`;
      const asked = bare.get(identity) ?? isBare(git, real);
      bare.set(identity, asked);
      // Only what it is for good is kept: another answer may be another one next time.
      const isIt = await asked.catch(() => false);
      if (!isIt) bare.delete(identity);
      if (!(await asked)) throw refused(path, "it is not a bare repository");
      const mirror = mirrorAt({ git, path: real, known }, signal);
      try {
        return await look(mirror);
      } finally {
        await mirror.objects.close();
      }
    },
  };
}

/** A repository that needs no check. Whoever asks for it closes its reader. */
export function mirrorAt(
  { git, path, known = createKnown() }: Pick<Mirror, "git" | "path"> & { readonly known?: Known },
  signal?: AbortSignal,
): Mirror {
  return { git, path, known, objects: openObjects(git, { gitDir: path, signal }) };
}

async function isBare(git: Git, path: string): Promise<boolean> {
  const { code, stdout } = await git.run({
    command: "rev-parse",
    gitDir: path,
    options: ["--is-bare-repository"],
    accept: [0, 128],
  });
  return code === 0 && stdout.toString().trim() === "true";
}

async function resolved(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch {
    // Not there, or not to be read: either way nothing that may be used.
    return null;
  }
}

function refused(path: string, why: string): ProblemError {
  return new ProblemError("invalid_request", `mirror '${path}' cannot be used: ${why}`, {
    errors: [{ pointer: "/mirror", detail: why }],
  });
}

/**
 * The tree of a commit that is in the mirror.
 * @throws ProblemError `commit_not_found`
 */
export async function requireCommit({ objects, known, path }: Mirror, commit: string): Promise<string> {
  const before = known.trees.get(`${path} ${commit}`);
  if (before !== undefined) return before;
  // A tag's id leads to another one: only the commit itself is what was asked about.
  const found = await objects.info(commit);
  const tree = found?.type === "commit" ? await objects.info(`${commit}^{tree}`) : null;
  if (found?.id !== commit || tree === null)
    throw new ProblemError("commit_not_found", `${commit} is not a commit of ${path}`);
  known.trees.set(`${path} ${commit}`, tree.id);
  return tree.id;
}

/**
 * Checks that the work started from `base`: otherwise the gates' commands would come from somewhere else.
 * @throws ProblemError `invalid_request`
 */
export async function requireAncestor(
  mirror: Mirror,
  { base, commit }: { base: string; commit: string },
  signal?: AbortSignal,
): Promise<void> {
  const key = `${mirror.path} ${base} ${commit}`;
  if (mirror.known.descents.get(key) === true) return;
  if ((await isParent(mirror, { base, commit })) || (await isAncestor(mirror, { base, commit }, signal))) {
    mirror.known.descents.set(key, true);
    return;
  }
  const why = `base ${base} is not an ancestor of commit ${commit}`;
  throw new ProblemError("invalid_request", why, { errors: [{ pointer: "/base", detail: why }] });
}

async function isAncestor(
  { git, path }: Mirror,
  { base, commit }: { base: string; commit: string },
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { code } = await git.run({
    command: "merge-base",
    gitDir: path,
    options: ["--is-ancestor"],
    values: [base, commit],
    accept: [0, 1],
    ...(signal ? { signal } : {}),
  });
  return code === 0;
}

/** A commit's message has no bound of git's. */
const MAX_COMMIT_BYTES = 16 * 1024 * 1024;

/** What the commit itself says: the usual case, which needs no look at the history. */
async function isParent(
  { objects }: Mirror,
  { base, commit }: { base: string; commit: string },
): Promise<boolean> {
  const found = await objects.read(commit, MAX_COMMIT_BYTES);
  if (found?.type !== "commit") return false;
  const [headers = ""] = found.content.toString("latin1").split("\n\n", 1);
  return headers.split("\n").includes(`parent ${base}`);
}
