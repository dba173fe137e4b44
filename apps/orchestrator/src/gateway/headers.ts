import type { IncomingHttpHeaders } from "node:http";

type Headers = Record<string, string | string[]>;

/** What goes on to the model's API. A list of what may pass, so that nothing else does: no key, no cookie, no route. */
const REQUEST =
  /^(?:accept|anthropic-version|anthropic-beta|user-agent|x-app|x-stainless-[a-z-]+|x-claude-code-[a-z-]+)$/;

/** What comes back from it. Nothing that tells of the account or the network behind the gateway. */
const RESPONSE =
  /^(?:content-type|request-id|retry-after|retry-after-ms|x-should-retry|anthropic-ratelimit-[a-z-]+|cache-control)$/;

/** The version of the API when a client does not say; the one that Claude Code sends. */
const DEFAULT_VERSION = "2023-06-01";

/** Headers of the request to the model's API, with its key and without the agent's. */
export function requestHeaders(incoming: IncomingHttpHeaders, apiKey: string | null): Headers {
  return {
    "anthropic-version": DEFAULT_VERSION,
    ...pick(incoming, REQUEST),
    ...(apiKey === null ? {} : { "x-api-key": apiKey }),
    // A compressed stream could not be metered.
    "accept-encoding": "identity",
  };
}

/** Headers of the answer to the agent. */
export function responseHeaders(upstream: IncomingHttpHeaders): Headers {
  return pick(upstream, RESPONSE);
}

function pick(headers: IncomingHttpHeaders, names: RegExp): Headers {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string | string[]] => {
      return names.test(entry[0]) && entry[1] !== undefined;
    }),
  );
}
