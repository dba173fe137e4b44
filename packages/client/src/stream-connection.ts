import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ApiError, InvalidResponseError, UnreachableError } from "./errors.ts";
import { asUnreachable, type Fetch } from "./exchange.ts";
import { refusalOf } from "./read-answer.ts";

/** Larger than any event we write: a transcript entry is capped far below it. */
const MAX_FRAME_CHARACTERS = 16_777_216;

export interface ConnectOptions {
  readonly fetch: Fetch;
  readonly url: URL;
  readonly headers: Record<string, string>;
  /** Until the answer's headers. */
  readonly timeoutMs: number;
  /** Longest silence afterwards. */
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What arrived in one piece of the stream: messages in order, and where a reconnection would go on. */
export interface Piece {
  readonly messages: readonly EventSourceMessage[];
  readonly lastId: string | undefined;
  readonly retryMs: number | undefined;
}

export interface StreamConnection {
  /** Ends when the server ends the stream. @throws UnreachableError, or the signal's reason */
  pieces(): AsyncGenerator<Piece, void, void>;
  close(): void;
}

function createPieceParser(): (text: string) => Piece {
  let messages: EventSourceMessage[] = [];
  let lastId: string | undefined;
  let retryMs: number | undefined;
  const parser = createParser({
    onEvent: (message) => messages.push(message),
    onId: (id) => (lastId = id),
    onRetry: (ms) => (retryMs = ms),
    maxBufferSize: MAX_FRAME_CHARACTERS,
  });
  return (text) => {
    parser.feed(text);
    const piece = { messages, lastId, retryMs };
    messages = [];
    return piece;
  };
}

async function* readPieces(
  body: ReadableStream<Uint8Array>,
  onByte: () => void,
): AsyncGenerator<Piece, void, void> {
  const decoder = new TextDecoder();
  const parse = createPieceParser();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onByte();
    yield parse(decoder.decode(value, { stream: true }));
  }
}

async function openBody(options: ConnectOptions, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const { fetch, url } = options;
  const headers = { ...options.headers, accept: "text/event-stream" };
  const response = await fetch(url, { method: "GET", headers, signal, redirect: "manual" });
  if (!response.ok) throw await refusalOf(response, `GET ${url.pathname}`);
  const type = response.headers.get("content-type") ?? "nothing";
  if (response.body !== null && type.startsWith("text/event-stream")) return response.body;
  throw new InvalidResponseError(`GET ${url.pathname} was answered with ${type}, not with an event stream`);
}

/**
 * Opens the stream.
 * @throws ApiError, InvalidResponseError (not an event stream), UnreachableError, or the signal's reason
 */
export async function connectStream(options: ConnectOptions): Promise<StreamConnection> {
  const { url, timeoutMs, idleMs, signal } = options;
  const own = new AbortController();
  const both = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
  const cutAfter = (ms: number, why: string) => setTimeout(() => own.abort(new UnreachableError(why)), ms);
  const inOurWords = (error: unknown) => {
    if (error instanceof ApiError || error instanceof InvalidResponseError) return error;
    return asUnreachable(own.signal.aborted ? own.signal.reason : error, url, signal);
  };
  const answerTimer = cutAfter(
    timeoutMs,
    `${url.origin} did not answer GET ${url.pathname} in ${timeoutMs} ms`,
  );
  let body: ReadableStream<Uint8Array>;
  try {
    body = await openBody(options, both);
  } catch (error) {
    const told = inOurWords(error);
    own.abort(told);
    throw told;
  } finally {
    clearTimeout(answerTimer);
  }

  return {
    async *pieces() {
      const watch = () => cutAfter(idleMs, `${url.origin} was silent for ${idleMs} ms`);
      let timer = watch();
      const onByte = () => {
        clearTimeout(timer);
        timer = watch();
      };
      try {
        yield* readPieces(body, onByte);
      } catch (error) {
        throw inOurWords(error);
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => own.abort(new UnreachableError("the reader has left")),
  };
}

/** Whether a stream that was lost may come back by itself. */
export function isPassing(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  return error instanceof ApiError && (error.status >= 500 || error.status === 429 || error.status === 408);
}
