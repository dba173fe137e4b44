export interface RetryPolicy {
  /** Attempts after the first one. */
  readonly maxRetries: number;
  /** Milliseconds before the first retry. */
  readonly baseMs: number;
  /** Upper bound of one delay, in milliseconds. */
  readonly capMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt + 1`: exponential with full jitter in the upper half, so that
 * attempts which failed together do not come back together.
 * @param attempt the attempt that failed, counted from 1
 * @param random a number in [0, 1)
 */
export function backoffMs(attempt: number, policy: RetryPolicy, random: number): number {
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}

/** True when `attempt` (from 1) may be followed by another. */
export function hasRetryLeft(attempt: number, policy: Pick<RetryPolicy, "maxRetries">): boolean {
  return attempt <= policy.maxRetries;
}
