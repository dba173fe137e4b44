import { setTimeout as pause } from "node:timers/promises";
import type { StoredEvent } from "@mosaic/contracts";
import { createListeners } from "../sqlite/listeners.ts";
import { StoreUnavailableError } from "../store-error.ts";
import type { Link } from "./connect.ts";
import { createEventSubscribers } from "./event-subscribers.ts";
import { readEvent } from "./event-text.ts";
import { KEYS } from "./keys.ts";
import { emptied } from "./run-function.ts";

/** What the server tells of itself, whoever has written it. */
export interface EventFeed {
  /** Events in order, each once; none that this process knew of before. Returns the way to stop. */
  readonly subscribe: (listener: (events: readonly StoredEvent[]) => void) => () => void;
  /** An event of this id is known to be there. */
  readonly noteNewest: (id: number) => void;
  /** Called when an order was given or answered, and when that may have been missed. Returns the way to stop. */
  onOrder(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface EventFeedParts {
  /** A connection of its own: it waits in the server. */
  readonly link: Link;
  readonly epoch: string;
  /** Id of the newest event there was when the store was opened. */
  readonly newest: number;
  readonly onError: (error: unknown) => void;
}

/** Longest wait inside the server, in milliseconds. */
export const BLOCK_MS = 2000;
/** Entries taken at once. */
const BATCH = 500;
const RETRY_MS = 100;

type Entry = readonly [id: string, fields: readonly string[]];

interface Batch {
  readonly events: readonly Entry[];
  readonly orders: readonly Entry[];
  /** Id of the newest event there is. */
  readonly newest: number;
}

/** Reads the streams from where it was, so that what came while the connection was lost is not missed. */
export function startEventFeed({ link, epoch, newest, onError }: EventFeedParts): EventFeed {
  const subscribers = createEventSubscribers(onError);
  const orderListeners = createListeners<void>(onError);
  const closing = new AbortController();
  let position = newest;
  let known = newest;
  let orderPosition = "0-0";
  let troubled = false;

  /** The server was started again with older data. */
  function rewind(to: number): void {
    const lost = `events ${to + 1} to ${position}: it was started again with older data`;
    onError(new StoreUnavailableError("damaged", `${link.server} has lost ${lost}`));
    position = to;
    known = to;
    subscribers.rewind(to);
  }

  function announce(entries: readonly Entry[]): void {
    const events: StoredEvent[] = [];
    for (const [entryId, [, text]] of entries) {
      const id = Number.parseInt(entryId, 10);
      if (id > position + 1)
        onError(new Error(`events ${position + 1} to ${id - 1} were pruned before they were read`));
      position = id;
      if (subscribers.size === 0) continue;
      try {
        events.push(readEvent(id, text ?? ""));
      } catch (error) {
        onError(error);
      }
    }
    subscribers.tell(events);
  }

  async function round(): Promise<void> {
    // After an outage what was missed is looked for at once; 0 would be for ever.
    const block = troubled ? 1 : BLOCK_MS;
    const batch = await readBatch({ link, epoch, block, from: [`${position}-0`, orderPosition] });
    if (batch.newest < position) rewind(batch.newest);
    announce(batch.events);
    orderPosition = batch.orders.at(-1)?.[0] ?? orderPosition;
    if (batch.orders.length > 0 || troubled) orderListeners.call();
    troubled = false;
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await round();
      } catch (error) {
        if (closing.signal.aborted) return;
        // Once an outage: every attempt ends with it.
        if (!troubled)
          onError(error instanceof StoreUnavailableError ? error : link.fault(error, { reads: true }));
        troubled = true;
        // Its ids are times of the server's clock, which may be another server's afterwards.
        orderPosition = "0-0";
        await pause(RETRY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  }

  const running = run();
  return {
    subscribe: (listener) => subscribers.add(listener, Math.max(position, known)),
    noteNewest(id) {
      known = Math.max(known, id);
    },
    onOrder: (listener) => orderListeners.add(listener),
    async close() {
      closing.abort();
      link.redis.disconnect();
      await running;
    },
  };
}

interface Reading {
  readonly link: Link;
  readonly epoch: string;
  /** Milliseconds. */
  readonly block: number;
  /** After which entry of the events, and of the orders. */
  readonly from: readonly [string, string];
}

/** What came, and, in the same breath, whether it is of this epoch. @throws StoreUnavailableError when it is not */
async function readBatch({ link, epoch, block, from }: Reading): Promise<Batch> {
  const { redis } = link;
  const [streams, [epochNow, newest]] = await Promise.all([
    redis.xread("COUNT", BATCH, "BLOCK", block, "STREAMS", KEYS.events, KEYS.orderWakes, ...from),
    redis.mget(KEYS.epoch, KEYS.newestEvent) as Promise<[string | null, string | null]>,
  ]);
  if (epochNow !== epoch) throw emptied(epochNow ?? "");
  const entriesOf = (key: string) => streams?.find(([name]) => name === key)?.[1] ?? [];
  return {
    events: entriesOf(KEYS.events),
    orders: entriesOf(KEYS.orderWakes),
    // One that is missing is damage, which those who write find; nothing is to be read again for it.
    newest: newest === null ? Number.POSITIVE_INFINITY : Number(newest),
  };
}
