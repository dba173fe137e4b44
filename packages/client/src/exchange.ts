import { ApiError, InvalidResponseError, UnreachableError } from "./errors.ts";

export type Fetch = typeof globalThis.fetch;

export interface ExchangeOptions {
  readonly fetch: Fetch;
  readonly url: URL;
  readonly init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
  };
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
}

/** The innermost reason: `fetch failed` says nothing, its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (error.cause !== undefined) return reasonOf(error.cause);
  return error.message === "" ? code : error.message;
}

/** What went wrong with a request, in the client's words: the caller's own abort comes through as it is. */
export function asUnreachable(error: unknown, url: URL, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof UnreachableError) return error;
  return new UnreachableError(`${url.origin} cannot be reached: ${reasonOf(error)}`, { cause: error });
}

/**
 * Sends a request and gives the answer to `read`, all within `timeoutMs`.
 * @throws UnreachableError, the signal's reason, or what `read` throws
 */
export async function exchange<T>(
  options: ExchangeOptions,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const { fetch, url, init, signal, timeoutMs } = options;
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(
      new UnreachableError(`${url.origin} did not answer ${init.method} ${url.pathname} in ${timeoutMs} ms`),
    );
  }, timeoutMs);
  const both = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    signal?.throwIfAborted();
    // A redirect is an answer we do not expect; following it would show the token to somebody else.
    const response = await fetch(url, { ...init, signal: both, redirect: "manual" });
    return await read(response);
  } catch (error) {
    if (late.signal.aborted && signal?.aborted !== true) throw late.signal.reason;
    if (error instanceof ApiError || error instanceof InvalidResponseError) throw error;
    throw asUnreachable(error, url, signal);
  } finally {
    clearTimeout(timer);
  }
}
