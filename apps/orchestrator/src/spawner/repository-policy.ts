import { realpath } from "node:fs/promises";
import { isAbsolute, relative } from "node:path";
import { ProblemError } from "@mosaic/contracts";
import { isRefusal, parseRepository, type Repository } from "@mosaic/domain";

interface PolicyRequest {
  readonly repository: string;
  readonly admin: boolean;
  readonly embedded: boolean;
  readonly localRepositories: readonly string[];
  readonly home: string;
}

/**
 * The repository a caller names, if this caller may use it. A local path carries its own configuration and may be
 * anybody's file, so it is open to admins of an embedded instance, and to others only below the folders the owner
 * named. Links are followed before the comparison.
 * @throws ProblemError invalid_repository, repository_scheme_refused, repository_not_allowed
 */
export async function resolveRepository(request: PolicyRequest): Promise<Repository> {
  const parsed = parseRepository(request.repository);
  if (isRefusal(parsed)) throw new ProblemError(parsed.code, `context.repository: ${parsed.why}`);
  if (parsed.kind !== "local") return parsed;
  const path = await realPathOf(parsed.url);
  if (path !== null && isInside(path, await realPathOf(request.home))) {
    throw new ProblemError(
      "repository_not_allowed",
      "a path inside Mosaic's own data folder is not a repository",
    );
  }
  const allowed =
    request.embedded && request.admin ? true : await isBelowAny(path, request.localRepositories);
  if (!allowed) {
    throw new ProblemError(
      "repository_not_allowed",
      "this token may not name that local path; the owner allows folders in MOSAIC_LOCAL_REPOSITORIES",
    );
  }
  // What does not exist is only told to those who may look.
  if (path === null) throw new ProblemError("repository_unreachable", `there is no folder ${parsed.url}`);
  return { ...parsed, url: path };
}

async function isBelowAny(path: string | null, folders: readonly string[]): Promise<boolean> {
  if (path === null) return false;
  const roots = await Promise.all(folders.map(realPathOf));
  return roots.some((root) => isInside(path, root));
}

function isInside(path: string, folder: string | null): boolean {
  if (folder === null) return false;
  const rest = relative(folder, path);
  return rest === "" || (rest !== ".." && !rest.startsWith("../") && !isAbsolute(rest));
}

async function realPathOf(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch {
    // Missing and unreadable look the same on purpose.
    return null;
  }
}

/** The repository of a task that was admitted; its form was checked then. */
export function reparseRepository(url: string): Repository {
  const parsed = parseRepository(url);
  if (isRefusal(parsed)) throw new Error(`the stored repository is not valid: ${parsed.why}`);
  return parsed;
}
