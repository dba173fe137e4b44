import { defineRoute, EventStreamQuery } from "@mosaic/contracts";
import { get, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { onTestFinished } from "vitest";
import { createEventStream, type EventStreamOptions, type HttpServerOptions } from "../src/index.ts";
import { createEventLog, type LogEvent, type Selection } from "./event-log.ts";
import { bearer, buildServer } from "./support.ts";

const streamEvents = defineRoute({
  method: "GET",
  path: "/agents/events",
  summary: "",
  scope: "read",
  query: EventStreamQuery,
  response: "sse",
  status: 200,
  problems: [],
});

export async function startStreaming(
  options: Partial<EventStreamOptions<LogEvent, Selection>> = {},
  server: Partial<HttpServerOptions> = {},
) {
  const test = buildServer(server);
  const log = createEventLog();
  const stream = createEventStream<LogEvent, Selection>({
    source: log.source,
    filter: (event, { subject }) => subject === undefined || event.subject === subject,
    metrics: test.metrics,
    coalesceMs: 1,
    replayPage: 7,
    ...options,
  });
  test.server.mount(
    { streamEvents },
    {
      streamEvents: ({ query }, context) =>
        stream.attach(context, { selection: { subject: query.agent }, lastEventId: query.lastEventId }),
    },
  );
  const { port } = await test.server.listen({ host: "127.0.0.1", port: 0 });
  return {
    ...test,
    log,
    stream,
    port,
    open: (request: OpenOptions = {}) => open(port, test.tokens.read, request),
  };
}

export interface OpenOptions {
  readonly query?: string;
  readonly headers?: Record<string, string>;
}

export interface Reader {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly incoming: IncomingMessage;
  readonly text: string;
  /** Ids of the events so far, resets left out. */
  readonly ids: readonly number[];
  /** Resolves once `done` holds for what has been received. */
  until(done: (reader: Reader) => boolean): Promise<void>;
  readonly ended: Promise<void>;
  close(): void;
}

function idsIn(text: string): number[] {
  const frames = text.split("\n\n").slice(0, -1);
  const events = frames.filter((frame) => frame.includes("\ndata: ") && !frame.includes("event: reset"));
  return events.map((frame) => Number(/(?:^|\n)id: (\d+)/.exec(frame)?.[1]));
}

function createReader(incoming: IncomingMessage): Reader {
  let text = "";
  let closed = false;
  const waiting = new Set<() => void>();
  const look = () => {
    for (const check of waiting) check();
  };
  const ended = new Promise<void>((resolve) => {
    incoming.once("close", () => {
      closed = true;
      look();
      resolve();
    });
  });
  const reader: Reader = {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    incoming,
    ended,
    get text() {
      return text;
    },
    get ids() {
      return idsIn(text);
    },
    until(done) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (done(reader)) resolve();
          else if (closed) reject(new Error(`the stream ended with: ${text.slice(-500)}`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      });
    },
    close: () => void incoming.destroy(),
  };
  incoming.setEncoding("utf8").on("error", () => undefined);
  incoming.on("data", (part: string) => {
    text += part;
    look();
  });
  return reader;
}

function open(port: number, token: string, { query = "", headers = {} }: OpenOptions): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const outgoing = get(
      {
        host: "127.0.0.1",
        port,
        path: `/agents/events${query}`,
        agent: false,
        headers: { ...bearer(token), ...headers },
      },
      (incoming) => resolve(createReader(incoming)),
    );
    outgoing.on("error", reject);
    onTestFinished(() => void outgoing.destroy());
  });
}
