import type { Dispatcher } from "undici";

/** An API that asks everybody to wait. */
export interface Throttle {
  /** What it said, or null. */
  readonly retryAfterMs: number | null;
}

/**
 * Whether an answer means "too many requests at the moment". One that says it is not worth repeating (a quota of the
 * account) is not: waiting would not help.
 */
export function throttleOf({ statusCode, headers }: Dispatcher.ResponseData): Throttle | null {
  if (statusCode !== 429 && statusCode !== 529) return null;
  if (headers["x-should-retry"] === "false") return null;
  return { retryAfterMs: milliseconds(headers["retry-after-ms"]) ?? retryAfter(headers["retry-after"]) };
}

function milliseconds(value: string | string[] | undefined): number | null {
  const ms = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  return Number.isFinite(ms) && ms >= 0 ? ms : null;
}

/** Seconds only: a date would be compared with our clock, and the API sends seconds. */
function retryAfter(value: string | string[] | undefined): number | null {
  const seconds = milliseconds(value);
  return seconds === null ? null : seconds * 1000;
}
