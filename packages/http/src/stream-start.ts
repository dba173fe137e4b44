import { ProblemError } from "@mosaic/contracts";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { positionFrame, resetFrame, type StreamEvent } from "./event-frame.ts";
import type { EventStreamSource } from "./event-source.ts";
import type { StreamClient } from "./stream-client.ts";

export interface StartOptions<E extends StreamEvent, S> {
  readonly client: StreamClient<E>;
  readonly response: ServerResponse;
  readonly source: EventStreamSource<E, S>;
  readonly filter: (event: E, selection: S) => boolean;
  readonly selection: S;
  /** What the client has seen; undefined when it wants only what comes. */
  readonly from: number | undefined;
  readonly retryMs: number;
  readonly replayPage: number;
}

/** The position a client names; the header is what a browser sends when it reconnects, so it is the newer one. */
export function lastEventIdOf(
  headers: IncomingHttpHeaders,
  fromQuery: number | undefined,
): number | undefined {
  const header = headers["last-event-id"];
  if (header === undefined || header === "") return fromQuery;
  if (typeof header === "string" && /^\d{1,15}$/.test(header)) return Number(header);
  throw new ProblemError("invalid_request", "Last-Event-ID must be the id of an event: a whole number.");
}

/** Replays pages until nothing is left; false when events the client has not seen were dropped from the store. */
async function catchUp<E extends StreamEvent, S>(options: StartOptions<E, S>): Promise<boolean> {
  const { client, source, filter, selection, replayPage } = options;
  for (;;) {
    const before = client.position;
    const page = await source.after(before, replayPage, selection);
    const [first] = page;
    const last = page.at(-1);
    // A gap in the ids is usual where the source filters; it is a loss when the store no longer reaches back.
    if (first !== undefined && first.id > before + 1 && before < (await source.range()).oldest - 1)
      return false;
    await client.replay(page.filter((event) => filter(event, selection)));
    if (client.gone) return true;
    if (last !== undefined) client.moveTo(last.id);
    if (page.length < replayPage) return true;
  }
}

async function reset<E extends StreamEvent, S>({ client, source }: StartOptions<E, S>): Promise<void> {
  const range = await source.range();
  client.moveTo(range.newest);
  client.write(resetFrame(range));
}

/**
 * Brings a client, which is already subscribed, from its position to live. What is committed before the last page is
 * read is in the store; what comes after it reaches the client's backlog; what is in both has an id it has been sent.
 */
export async function startClient<E extends StreamEvent, S>(options: StartOptions<E, S>): Promise<void> {
  const { client, response, source, from, retryMs } = options;
  const range = await source.range();
  if (client.gone) return;
  const start = from ?? range.newest;
  const isLost = start < range.oldest - 1 || start > range.newest;
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  client.write(positionFrame(isLost ? range.newest : start, retryMs));
  if (isLost) await reset(options);
  else client.moveTo(start);
  do {
    if (!(await catchUp(options))) await reset(options);
  } while (!client.gone && !client.goLive());
}
