import { ProblemError } from "@mosaic/contracts";
import { type StoreFault, StoreUnavailableError } from "@mosaic/store";

/** Seconds a caller is asked to wait: somebody has to make space, or close another program. */
const RETRY_AFTER = 5;
/** Faults that a person can mend, and whose sentence says how. The others are told to the log alone. */
const MENDABLE: ReadonlySet<StoreFault> = new Set([
  "disk_full",
  "read_only",
  "busy",
  "io",
  "cannot_open",
  "crashed",
  "unreachable",
  "unauthorized",
  "memory_full",
  "unsupported",
  "emptied",
]);

/** A store that cannot work now, as callers are told: nothing of the request was recorded. Null for any other error. */
export function storeProblem(error: unknown): ProblemError | null {
  if (!(error instanceof StoreUnavailableError) || !MENDABLE.has(error.code)) return null;
  return new ProblemError("store_unavailable", error.message, { retryAfter: RETRY_AFTER, cause: error });
}
