import { AttemptFailure } from "@mosaic/domain";
import { GitError } from "@mosaic/git";
import { StoreUnavailableError } from "@mosaic/store";

/** What a machine lacks at times: space, files, memory, a disk that can be written to. */
const CODES: ReadonlySet<string> = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EIO",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
]);
/** The same, as git says it (strerror in the C locale). */
const WORDS =
  /No space left on device|Disk quota exceeded|Read-only file system|Input\/output error|Too many open files|Cannot allocate memory/;

/**
 * The failure that trouble with the store or the disk is: the machinery's, not the work's, so that it is tried again.
 * Null for any other error.
 */
export function machineFault(error: unknown): AttemptFailure | null {
  if (error instanceof StoreUnavailableError)
    return new AttemptFailure("interrupted", `the attempt could not be recorded: ${error.message}`, {
      cause: error,
    });
  if (!isDisk(error)) return null;
  return new AttemptFailure(
    "workspace",
    `this machine could not hold the work: ${(error as Error).message}; free some space, or see its limits`,
    { cause: error },
  );
}

function isDisk(error: unknown): boolean {
  if (error instanceof GitError) return WORDS.test(error.stderr);
  return error instanceof Error && "code" in error && CODES.has(String(error.code));
}
