import { setTimeout as pause } from "node:timers/promises";

export interface Patience {
  /** How long it is tried, in milliseconds; the last try may end later. */
  readonly ms: number;
  /** Between two tries, in milliseconds. */
  readonly pauseMs: number;
  /** Whether an error may pass. Told how many milliseconds are left, for those who say so. */
  readonly passes: (error: unknown, leftMs: number) => boolean;
  /** Ends the waiting: then the last error is the answer. */
  readonly signal?: AbortSignal;
}

/** Does what may fail for a while, again and again. @throws the error that does not pass, or the last one */
export async function patiently<T>(
  { ms, pauseMs, passes, signal }: Patience,
  work: () => Promise<T> | T,
): Promise<T> {
  const until = performance.now() + ms;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const leftMs = until - performance.now();
      if (leftMs <= 0 || signal?.aborted === true || !passes(error, leftMs)) throw error;
      // An abort ends the pause; then one more try decides.
      await pause(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => undefined);
    }
  }
}
