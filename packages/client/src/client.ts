import type { Route, RouteTable } from "@mosaic/contracts";
import type { CallArguments, CallOptions, CallOutput } from "./call-types.ts";
import { openDownload } from "./download.ts";
import { exchange, type Fetch } from "./exchange.ts";
import { readAnswer } from "./read-answer.ts";
import { requestUrl } from "./request-url.ts";
import { createStreamReader } from "./stream.ts";
import type { StreamItem, StreamOptions } from "./stream-types.ts";

export interface ClientOptions<T extends RouteTable> {
  /** For example `http://127.0.0.1:3001`; a path is kept as a prefix. */
  readonly baseUrl: string;
  readonly token?: string;
  readonly routes: T;
  readonly fetch?: Fetch;
  /**
   * Milliseconds until an answer must be complete; default 30,000. Node's own fetch gives up waiting for headers after
   * 300 s, so a longer time needs `fetch: createNodeFetch().fetch` from `@mosaic/client/node`.
   */
  readonly timeoutMs?: number;
  /** Milliseconds without a byte after which a stream reconnects; default 45,000 (the server pings every 15 s). */
  readonly streamIdleMs?: number;
  /** Milliseconds before the first reconnection of a stream; doubles up to 30 s. Default: what the server says. */
  readonly reconnectMs?: number;
  /** For the jitter of reconnections; default `Math.random`. */
  readonly random?: () => number;
}

/** Routes answered with an event stream are read with `streamEvents`, archives with `download`. */
type Callable<T extends RouteTable> = {
  [K in keyof T]: T[K]["response"] extends "sse" | "tar" ? never : K;
}[keyof T];

type Downloadable<T extends RouteTable> = {
  [K in keyof T]: T[K]["response"] extends "tar" ? K : never;
}[keyof T];

export interface Client<T extends RouteTable> {
  readonly baseUrl: string;
  /**
   * Calls a route by its name in the table and checks the answer against the route's schema.
   * @throws ApiError, UnreachableError, InvalidResponseError, or the signal's reason
   */
  call<K extends Callable<T>>(name: K, ...args: CallArguments<T[K]>): Promise<CallOutput<T[K]>>;
  /**
   * Calls a `tar` route and gives its bytes as they come. `timeoutMs` is the time until the answer begins; what breaks
   * off later, or is silent for as long, throws while it is read.
   * @throws ApiError, UnreachableError, or the signal's reason
   */
  download<K extends Downloadable<T>>(
    name: K,
    ...args: CallArguments<T[K]>
  ): Promise<AsyncIterable<Uint8Array>>;
  /**
   * The table's `streamEvents` route, reconnecting with Last-Event-ID until the signal is aborted (which ends the
   * iteration quietly). Throws what `call` throws when the first connection fails, and `ApiError` when refused later.
   */
  streamEvents(options?: StreamOptions): AsyncGenerator<StreamItem, void, void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** undici's default for headers; Node's fetch offers no way to change it. */
const NODE_FETCH_LIMIT_MS = 300_000;

interface AnyRequest {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function checkTimeout(timeoutMs: number, ownFetch: boolean): void {
  if (timeoutMs <= NODE_FETCH_LIMIT_MS || ownFetch) return;
  throw new Error(
    `a time-out of ${timeoutMs} ms cannot be kept: Node's fetch gives up after ${NODE_FETCH_LIMIT_MS} ms. ` +
      "Pass fetch: createNodeFetch().fetch from @mosaic/client/node.",
  );
}

/**
 * A typed client of one plane.
 * @throws Error when `baseUrl` is not an http(s) URL, or the time-out cannot be kept
 */
export function createClient<const T extends RouteTable>(options: ClientOptions<T>): Client<T> {
  const { baseUrl, token, routes } = options;
  const ownFetch = options.fetch !== undefined;
  const fetch = options.fetch ?? globalThis.fetch;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  checkTimeout(timeoutMs, ownFetch);
  if (!/^https?:$/.test(new URL(baseUrl).protocol)) throw new Error(`${baseUrl} is not an http or https URL`);
  const credentials: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };

  function routeOf(name: PropertyKey): Route {
    const route = routes[name as keyof T];
    if (route === undefined) throw new Error(`the route table has no route '${String(name)}'`);
    return route;
  }

  async function call(
    name: PropertyKey,
    request: AnyRequest = {},
    callOptions: CallOptions = {},
  ): Promise<unknown> {
    const route = routeOf(name);
    const limitMs = callOptions.timeoutMs ?? timeoutMs;
    checkTimeout(limitMs, ownFetch);
    const hasBody = request.body !== undefined;
    const headers = {
      ...credentials,
      accept: "*/*",
      ...(hasBody ? { "content-type": "application/json" } : {}),
    };
    const init = {
      method: route.method,
      headers,
      ...(hasBody ? { body: JSON.stringify(request.body) } : {}),
    };
    const url = requestUrl(baseUrl, route, request);
    return exchange({ fetch, url, init, signal: callOptions.signal, timeoutMs: limitMs }, (response) =>
      readAnswer(route, response),
    );
  }

  async function download(
    name: PropertyKey,
    request: AnyRequest = {},
    callOptions: CallOptions = {},
  ): Promise<AsyncIterable<Uint8Array>> {
    const route = routeOf(name);
    const url = requestUrl(baseUrl, route, request);
    const init = { method: route.method, headers: { ...credentials, accept: "*/*" } };
    const limitMs = callOptions.timeoutMs ?? timeoutMs;
    return openDownload({ fetch, url, init, signal: callOptions.signal, timeoutMs: limitMs }, route);
  }

  return {
    baseUrl,
    download: download as Client<T>["download"],
    call: call as Client<T>["call"],
    streamEvents: (streamOptions = {}) =>
      createStreamReader({
        fetch,
        url: requestUrl(baseUrl, routeOf("streamEvents"), { query: streamOptions.query ?? {} }),
        headers: credentials,
        timeoutMs,
        idleMs: options.streamIdleMs ?? 45_000,
        reconnectMs: options.reconnectMs,
        random: options.random ?? Math.random,
      })(streamOptions),
  };
}
