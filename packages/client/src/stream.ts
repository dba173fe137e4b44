import { ApiError } from "./errors.ts";
import { parseMessage } from "./parse-message.ts";
import { type ConnectOptions, connectStream, isPassing, type StreamConnection } from "./stream-connection.ts";
import type { StreamItem, StreamOptions } from "./stream-types.ts";

const DEFAULT_RECONNECT_MS = 2000;
const MAX_RECONNECT_MS = 30_000;

export interface StreamReaderOptions extends Omit<ConnectOptions, "signal"> {
  /** Wins over what the server says. */
  readonly reconnectMs: number | undefined;
  readonly random: () => number;
}

/** Where a stream is, across its connections. */
interface Position {
  lastId: string | undefined;
  reconnectMs: number;
  /** Connections in a row that brought nothing. */
  failures: number;
}

/** Resolves after `ms`, or as soon as the signal is aborted. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    if (signal?.aborted === true) done();
  });
}

/** Half to all of the doubled delay, so that a thousand clients do not come back in the same moment. */
function delayOf({ reconnectMs, failures }: Position, error: unknown, random: () => number): number {
  const doubled = Math.min(MAX_RECONNECT_MS, reconnectMs * 2 ** Math.min(failures, 10));
  const asked = error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
  return Math.max(asked, Math.round(doubled * (0.5 + random() / 2)));
}

/** The items of one connection; moves the position as it goes. */
async function* readConnection(
  connection: StreamConnection,
  position: Position,
  fixedReconnectMs: number | undefined,
): AsyncGenerator<StreamItem, void, void> {
  for await (const piece of connection.pieces()) {
    position.failures = 0;
    position.reconnectMs = fixedReconnectMs ?? piece.retryMs ?? position.reconnectMs;
    for (const message of piece.messages) {
      const item = parseMessage(message);
      if (item !== null) yield item;
    }
    // Only now: a reader that is thrown out of a piece by an error reads it again.
    position.lastId = piece.lastId ?? position.lastId;
  }
}

/** Reads a stream of events through any number of connections. */
export function createStreamReader(options: StreamReaderOptions) {
  const { reconnectMs, random } = options;

  function connect(position: Position, signal: AbortSignal | undefined): Promise<StreamConnection> {
    const resume: Record<string, string> =
      position.lastId === undefined ? {} : { "last-event-id": position.lastId };
    return connectStream({ ...options, headers: { ...options.headers, ...resume }, signal });
  }

  return async function* streamEvents(request: StreamOptions): AsyncGenerator<StreamItem, void, void> {
    const { signal, onState } = request;
    const isOver = () => signal?.aborted === true;
    const position: Position = {
      lastId: request.lastEventId?.toString(),
      reconnectMs: reconnectMs ?? DEFAULT_RECONNECT_MS,
      failures: 0,
    };
    let isFirst = true;
    while (!isOver()) {
      let connection: StreamConnection | undefined;
      let lost: unknown;
      try {
        connection = await connect(position, signal);
        isFirst = false;
        onState?.({ kind: "connected" });
        yield* readConnection(connection, position, reconnectMs);
      } catch (error) {
        if (isOver()) return;
        if (isFirst || !isPassing(error)) throw error;
        lost = error;
      } finally {
        connection?.close();
      }
      if (isOver()) return;
      const retryInMs = delayOf(position, lost, random);
      const why = lost instanceof Error ? lost.message : "the server ended the stream";
      position.failures += 1;
      onState?.({ kind: "reconnecting", why, retryInMs });
      await pause(retryInMs, signal);
    }
  };
}
