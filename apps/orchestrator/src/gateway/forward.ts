import { once } from "node:events";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { errors, type Dispatcher } from "undici";
import type { Refusal } from "./answer.ts";
import { requestHeaders, responseHeaders } from "./headers.ts";
import type { Meter } from "./meter.ts";
import type { Upstream } from "./upstream.ts";

/** One request of an agent, on its way. */
export interface Exchange {
  readonly outgoing: Outgoing;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

export interface Outgoing {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string | null;
  /** True when the answer is asked for as a stream, which begins at once; another begins when it is whole. */
  readonly streamed?: boolean;
}

/** An answer in one piece may take this long to begin. */
const WHOLE_ANSWER_MS = 600_000;

/** What became of a request to the model's API. */
export type Sent =
  | { readonly kind: "answered"; readonly answer: Dispatcher.ResponseData }
  /** Never reached the API: nothing was spent. */
  | { readonly kind: "unreachable"; readonly why: string }
  /** Reached it, or may have, and has no answer. */
  | { readonly kind: "lost"; readonly why: string };

/** Sends a request to the model's API with its key. */
export async function send(upstream: Upstream, outgoing: Outgoing, signal: AbortSignal): Promise<Sent> {
  const headers = requestHeaders(outgoing.headers, upstream.apiKey);
  try {
    const answer = await upstream.dispatcher.request({
      origin: upstream.origin,
      path: upstream.prefix + outgoing.path,
      method: outgoing.method,
      headers: outgoing.body === null ? headers : { ...headers, "content-type": "application/json" },
      body: outgoing.body,
      headersTimeout:
        outgoing.streamed === true ? upstream.idleMs : Math.max(WHOLE_ANSWER_MS, upstream.idleMs),
      bodyTimeout: upstream.idleMs,
      signal,
    });
    return { kind: "answered", answer };
  } catch (error) {
    return { kind: neverSent(error) ? "unreachable" : "lost", why: codeOf(error) };
  }
}

/** No connection, or none that was trusted: the request was not sent. */
const NOT_CONNECTED =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENOENT|EHOSTUNREACH|ENETUNREACH)$|CERT|SIGNATURE|_TLS_|_SSL_/;

function neverSent(error: unknown): boolean {
  return error instanceof errors.ConnectTimeoutError || NOT_CONNECTED.test(codeOf(error));
}

/** An error's code. Its message may hold addresses, and is not for agents. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" ? code : error.name;
}

/** What an agent is told when the API has no answer. */
export function noAnswer(sent: Exclude<Sent, { kind: "answered" }>): Refusal {
  const message =
    sent.kind === "unreachable" ? "the model's API cannot be reached" : "the model's API did not answer";
  return { status: 502, type: "api_error", message: `${message} (${sent.why})`, retry: true };
}

/** Why an answer means that nobody will get another one with this key and account, or null. */
export function accountRefusal({ statusCode }: Dispatcher.ResponseData, name: string): string | null {
  if (statusCode === 401) return `${name} refuses the API key (HTTP 401); check CLAUDE_API_KEY`;
  if (statusCode === 402) return `${name} refuses to work on this account's bill (HTTP 402)`;
  if (statusCode === 403) return `${name} does not allow this to the API key (HTTP 403)`;
  return null;
}

/**
 * What an agent is told instead of an answer that is not for it, or null. A refused key is our fault, and its answer may
 * say things about the key; a redirect would lead somewhere that was never configured.
 */
export function withheld({ statusCode: status, headers }: Dispatcher.ResponseData): Refusal | null {
  if (status === 401) {
    const message =
      "the model's API refused the orchestrator's key; check CLAUDE_API_KEY and ANTHROPIC_BASE_URL";
    return { status: 403, type: "permission_error", message, retry: false };
  }
  if (status < 200 || (status >= 300 && status < 400)) {
    return {
      status: 502,
      type: "api_error",
      message: `the model's API answered with HTTP ${status}`,
      retry: false,
    };
  }
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    const message = "the model's API sent an encoded answer, which could not be metered";
    return { status: 502, type: "api_error", message, retry: false };
  }
  return null;
}

export interface PassOptions {
  readonly response: ServerResponse;
  readonly meter: Meter | null;
  /**
   * Called when the usage is known, before the agent can know that the answer is whole. Not waited for: whoever reads
   * the ledger afterwards reads this, too, and if it never gets to the disk, all that was held counts.
   */
  readonly settle: () => void;
  /** Called for each piece that came. */
  readonly onActivity?: (() => void) | undefined;
  readonly signal: AbortSignal;
}

/** Passes an answer through as it comes, no faster than the agent reads. @throws when either side breaks off */
export async function pass(answer: Dispatcher.ResponseData, options: PassOptions): Promise<void> {
  const { response, meter, settle, signal } = options;
  response.writeHead(answer.statusCode, responseHeaders(answer.headers));
  response.flushHeaders();
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    options.onActivity?.();
    meter?.take(chunk);
    if (meter?.done === true) settle();
    if (!response.write(chunk)) await once(response, "drain", { signal });
  }
  settle();
  response.end();
}

/** Throws an answer's body away, so that its connection can be used again. */
export async function discard(answer: Dispatcher.ResponseData): Promise<void> {
  await answer.body.dump().catch(() => undefined);
}
