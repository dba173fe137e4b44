/** The regular files of one commit, read from git's objects and never from a checkout. */
export interface CommitFiles {
  readonly commit: string;
  /** Every regular file's path, relative to the root. */
  readonly paths: ReadonlySet<string>;
  /** A file's text; null when it is not there, not a regular file, or larger than what detection reads. */
  text(path: string): Promise<string | null>;
}

/** The first of `candidates` that the commit has. */
export function firstPath(files: CommitFiles, candidates: readonly string[]): string | undefined {
  return candidates.find((path) => files.paths.has(path));
}

/** True when any path of the commit matches. */
export function anyPath(files: CommitFiles, pattern: RegExp): boolean {
  for (const path of files.paths) if (pattern.test(path)) return true;
  return false;
}
