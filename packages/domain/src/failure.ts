/** Why an attempt ended `failed`. Stored as a code; the sentence for people goes into `error`. */
export const FAILURE_REASONS = [
  "workspace",
  "sandbox",
  "environment",
  "runtime",
  "model",
  "model_auth",
  "model_protocol",
  "context_overflow",
  "budget",
  "interrupted",
  "timeout",
  "stuck",
  "disk_limit",
  "process_limit",
  "max_turns",
  "output_limit",
  "no_changes",
  "unsafe_tree",
  "secrets",
  "rejected",
  "gates_unavailable",
  "conflict",
  "push",
  "refused",
  "cancelled",
  "killed",
  "internal",
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** An attempt that ends for a reason we know. `details` is shown to people and kept with the agent. */
export class AttemptFailure extends Error {
  readonly reason: FailureReason;
  readonly details: unknown;

  constructor(reason: FailureReason, message: string, options: { cause?: unknown; details?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AttemptFailure";
    this.reason = reason;
    this.details = options.details;
  }
}

/** Faults of the machinery. A verdict on the work (rejected, secrets, …) would only come out the same again. */
const RETRYABLE: ReadonlySet<FailureReason> = new Set([
  "workspace",
  "sandbox",
  "runtime",
  "model",
  "interrupted",
]);

/** True when another attempt may succeed where this one failed, without paying twice for the same verdict. */
export function isRetryable(reason: FailureReason): boolean {
  return RETRYABLE.has(reason);
}
