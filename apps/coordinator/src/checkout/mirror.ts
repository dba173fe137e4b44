import { ProblemError } from "@mosaic/contracts";
import type { Git } from "@mosaic/git";
import { realpath } from "node:fs/promises";
import { isAbsolute, sep } from "node:path";

/** A bare repository below one of the allowed folders, by its real path. */
export interface Mirror {
  readonly git: Git;
  readonly path: string;
}

/**
 * The repository a request names, after checking that it may be read: an existing bare repository whose real path lies
 * below one of `roots`.
 * @throws ProblemError `invalid_request`
 */
export async function openMirror(
  git: Git,
  roots: readonly string[],
  path: string,
  signal?: AbortSignal,
): Promise<Mirror> {
  if (!isAbsolute(path) || path.includes("\0")) throw refused(path, "it is not an absolute path");
  const [real, allowed] = await Promise.all([resolved(path), Promise.all(roots.map(resolved))]);
  // The same words for "not there" and "not allowed": callers must not learn which files exist.
  const isBelow = allowed.some((root) => real !== null && root !== null && real.startsWith(root + sep));
  if (real === null || !isBelow) throw refused(path, "there is no such repository below the allowed folders");
  const { code, stdout } = await git.run({
    command: "rev-parse",
    gitDir: real,
    options: ["--is-bare-repository"],
    accept: [0, 128],
    ...(signal ? { signal } : {}),
  });
  if (code !== 0 || stdout.toString().trim() !== "true") throw refused(path, "it is not a bare repository");
  return { git, path: real };
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
export async function requireCommit(mirror: Mirror, commit: string, signal?: AbortSignal): Promise<string> {
  const { code, stdout } = await mirror.git.run({
    command: "rev-parse",
    gitDir: mirror.path,
    options: ["--verify", "--quiet"],
    values: [`${commit}^{commit}`],
    accept: [0, 1, 128],
    ...(signal ? { signal } : {}),
  });
  // A tag's id resolves to another one: only the commit itself is what was asked about.
  if (code !== 0 || stdout.toString().trim() !== commit) {
    throw new ProblemError("commit_not_found", `${commit} is not a commit of ${mirror.path}`);
  }
  const tree = await mirror.git.run({
    command: "rev-parse",
    gitDir: mirror.path,
    options: ["--verify"],
    values: [`${commit}^{tree}`],
    ...(signal ? { signal } : {}),
  });
  return tree.stdout.toString().trim();
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
  const { code } = await mirror.git.run({
    command: "merge-base",
    gitDir: mirror.path,
    options: ["--is-ancestor"],
    values: [base, commit],
    accept: [0, 1],
    ...(signal ? { signal } : {}),
  });
  if (code === 0) return;
  const why = `base ${base} is not an ancestor of commit ${commit}`;
  throw new ProblemError("invalid_request", why, { errors: [{ pointer: "/base", detail: why }] });
}
