import { GitError, RemoteRefusedError, reasonOf } from "@mosaic/git";
import { RepositoryUnreachableError } from "./port.ts";

/** Turns a failed exchange with a remote into one that says why for people; what it does not know it passes on. */
export function asUnreachable(error: unknown): unknown {
  if (error instanceof RemoteRefusedError)
    return new RepositoryUnreachableError(error.message, { cause: error });
  if (!(error instanceof GitError)) return error;
  if (error.kind === "timeout")
    return new RepositoryUnreachableError("it did not answer in time", { cause: error });
  return new RepositoryUnreachableError(explain(reasonOf(error.stderr)) || error.message, { cause: error });
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /could not read Username|Authentication failed|Permission denied \(publickey/i,
    "configure credentials for its host",
  ],
  [/Host key verification failed/i, "add the host's key to the configured known_hosts file"],
  [/dubious ownership/i, "it belongs to another user; run as that user or change its owner"],
  [/does not appear to be a git repository|not found/i, "check its spelling and that you may read it"],
];

function explain(reason: string): string {
  const hint = HINTS.find(([pattern]) => pattern.test(reason))?.[1];
  return hint === undefined ? reason : `${reason} (${hint})`;
}
