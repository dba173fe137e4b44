import type { ServerResponse } from "node:http";
import { frameOf, GOODBYE, type StreamEvent } from "./event-frame.ts";

/** Events kept while a client still replays; when there are more, it reads them from the store like the rest. */
const MAX_PENDING = 10_000;
const CHUNK_CHARACTERS = 65_536;

export interface StreamClientOptions {
  readonly maxBufferedBytes: number;
  /** Called once, when the client is gone for whatever reason. */
  readonly onGone: () => void;
  readonly onTooSlow: () => void;
}

/** One reader of a stream. It has been sent every event it wants up to `position`, and none after it. */
export interface StreamClient<E extends StreamEvent> {
  readonly position: number;
  readonly gone: boolean;
  /** Resolves when the client is gone. */
  readonly left: Promise<void>;
  write(bytes: string | Buffer): void;
  /** New events in order; what it has been sent already is left out. `shared` are the bytes of all of them. */
  deliver(events: readonly E[], shared: Buffer): void;
  /** Events from the store; resolves when the client has room for more, or is gone. */
  replay(events: readonly E[]): Promise<void>;
  moveTo(position: number): void;
  /** Live from `position` on; false when too much happened meanwhile, and the store must be read again. */
  goLive(): boolean;
  end(): void;
}

function whenDrained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}

function chunks(frames: readonly string[]): string[] {
  const result: string[] = [];
  let chunk = "";
  for (const frame of frames) {
    chunk += frame;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    result.push(chunk);
    chunk = "";
  }
  return chunk === "" ? result : [...result, chunk];
}

/** What happens while a client replays. */
function createBacklog<E extends StreamEvent>() {
  let events: E[] = [];
  let overflowed = false;
  return {
    add(more: readonly E[]): void {
      if (events.length + more.length > MAX_PENDING) {
        events = [];
        overflowed = true;
      }
      if (!overflowed) events.push(...more);
    },
    /** Everything since the last call, or null when it was too much. */
    take(): readonly E[] | null {
      const taken = overflowed ? null : events;
      events = [];
      overflowed = false;
      return taken;
    },
  };
}

/** `response` must still be open. */
export function createStreamClient<E extends StreamEvent>(
  response: ServerResponse,
  { maxBufferedBytes, onGone, onTooSlow }: StreamClientOptions,
): StreamClient<E> {
  const backlog = createBacklog<E>();
  let position = 0;
  let live = false;
  let gone = false;
  const left = new Promise<void>((resolve) => {
    response.once("close", () => {
      gone = true;
      onGone();
      resolve();
    });
  });

  function write(bytes: string | Buffer): void {
    if (gone || response.destroyed || response.writableEnded) return;
    if (response.writableLength > maxBufferedBytes) {
      onTooSlow();
      response.destroy();
      return;
    }
    response.write(bytes);
  }

  /** The events it has not been sent, as chunks to write. */
  function advance(events: readonly E[]): string[] {
    const fresh = events.filter((event) => event.id > position);
    position = fresh.at(-1)?.id ?? position;
    return chunks(fresh.map(frameOf));
  }

  return {
    get position() {
      return position;
    },
    get gone() {
      return gone;
    },
    left,
    write,
    deliver(events, shared) {
      if (!live) {
        backlog.add(events);
      } else if ((events[0]?.id ?? 0) > position) {
        position = events.at(-1)?.id ?? position;
        write(shared);
      } else for (const chunk of advance(events)) write(chunk);
    },
    async replay(events) {
      for (const chunk of advance(events)) {
        write(chunk);
        if (response.writableNeedDrain && !response.destroyed) await whenDrained(response);
      }
    },
    moveTo(to) {
      position = Math.max(position, to);
    },
    goLive() {
      const missed = backlog.take();
      if (missed === null) return false;
      for (const chunk of advance(missed)) write(chunk);
      live = true;
      return true;
    },
    end() {
      if (!gone && !response.destroyed && !response.writableEnded) response.end(GOODBYE);
    },
  };
}
