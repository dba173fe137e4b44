import { Agent, fetch as undiciFetch } from "undici";

export interface NodeFetch {
  readonly fetch: typeof globalThis.fetch;
  /** Closes the connections it keeps. */
  close(): Promise<void>;
}

/**
 * A fetch without time limits of its own, for answers that take longer than the 300 s Node's fetch waits for headers
 * (gates, preparations). The client's `timeoutMs` and signals still hold.
 */
export function createNodeFetch(): NodeFetch {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const fetch = (input: string | URL, init?: object) => undiciFetch(input, { ...init, dispatcher });
  return {
    fetch: fetch as unknown as typeof globalThis.fetch,
    close: () => dispatcher.close(),
  };
}
