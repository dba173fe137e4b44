import { ProblemError } from "@mosaic/contracts";
import type { Metrics } from "@mosaic/telemetry";
import { PING, type StreamEvent } from "./event-frame.ts";
import type { EventStreamSource } from "./event-source.ts";
import type { RequestContext } from "./handler.ts";
import { createFanOut } from "./fan-out.ts";
import { lastEventIdOf, startClient } from "./stream-start.ts";
import { createStreamClient } from "./stream-client.ts";

export interface EventStreamOptions<E extends StreamEvent, S> {
  readonly source: EventStreamSource<E, S>;
  /** Whether a client that asked for `selection` (plain JSON data) gets the event. */
  readonly filter: (event: E, selection: S) => boolean;
  readonly metrics?: Metrics;
  /** Milliseconds between `: ping` comments; default 15,000. */
  readonly pingMs?: number;
  /** Milliseconds events are gathered before they are written; default 20. */
  readonly coalesceMs?: number;
  /** What clients are told to wait before they reconnect; default 2000. */
  readonly retryMs?: number;
  /** A client with more unread bytes is dropped and comes back with Last-Event-ID; default 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** Events read at once in a replay; default 500. */
  readonly replayPage?: number;
  /** Default 5000. */
  readonly maxClients?: number;
}

/** Server-sent events to many clients: replay without gap or duplicate, then live. */
export interface EventStream<S> {
  /**
   * Serves one client until it leaves; resolves then. The `Last-Event-ID` header wins over `lastEventId`.
   * @throws ProblemError `invalid_request`, `rate_limited` (too many clients), `shutting_down`
   */
  attach(
    context: RequestContext,
    request: { readonly selection: S; readonly lastEventId?: number | undefined },
  ): Promise<void>;
  readonly clients: number;
  /** Ends every stream with a last comment; later clients are refused. The server's `close()` does this for its own. */
  closeAll(): void;
}

/** A stream of `source`'s events. It listens to the source and runs timers only while it has clients. */
export function createEventStream<E extends StreamEvent, S>(
  options: EventStreamOptions<E, S>,
): EventStream<S> {
  const { source, filter, metrics, pingMs = 15_000, coalesceMs = 20, retryMs = 2000 } = options;
  const { maxBufferedBytes = 1_048_576, replayPage = 500, maxClients = 5000 } = options;
  const fanOut = createFanOut<E, S>({ filter, coalesceMs });
  const watched = new WeakSet<AbortSignal>();
  let stop: (() => void) | undefined;
  let closed = false;

  function begin(): void {
    const unsubscribe = source.subscribe((events) => fanOut.publish(events));
    const ping = setInterval(() => fanOut.broadcast(PING), pingMs);
    ping.unref();
    stop = () => {
      clearInterval(ping);
      unsubscribe();
    };
  }

  function closeAll(): void {
    closed = true;
    fanOut.endAll();
  }

  function admit({ closing }: RequestContext): void {
    if (closed || closing.aborted) {
      throw new ProblemError("shutting_down", "The server is shutting down; reconnect soon.", {
        retryAfter: 2,
      });
    }
    if (fanOut.size >= maxClients) {
      throw new ProblemError(
        "rate_limited",
        `This server streams to at most ${maxClients} clients at once.`,
        {
          retryAfter: 10,
        },
      );
    }
    if (watched.has(closing)) return;
    watched.add(closing);
    closing.addEventListener("abort", closeAll, { once: true });
  }

  return {
    async attach(context, { selection, lastEventId }) {
      const from = lastEventIdOf(context.request.headers, lastEventId);
      admit(context);
      if (context.response.destroyed) return;
      const client = createStreamClient<E>(context.response, {
        maxBufferedBytes,
        onGone: () => leave(),
        onTooSlow: () => metrics?.sseDropped.inc(),
      });
      const remove = fanOut.add(client, selection);
      metrics?.sseClients.inc();
      if (stop === undefined) begin();
      function leave(): void {
        if (!remove()) return;
        metrics?.sseClients.dec();
        if (fanOut.size > 0) return;
        stop?.();
        stop = undefined;
      }
      try {
        await startClient({
          client,
          response: context.response,
          source,
          filter,
          selection,
          from,
          retryMs,
          replayPage,
        });
      } catch (error) {
        leave();
        throw error;
      }
      await client.left;
    },
    get clients() {
      return fanOut.size;
    },
    closeAll,
  };
}
