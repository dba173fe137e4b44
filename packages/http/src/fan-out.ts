import { frameOf, type StreamEvent } from "./event-frame.ts";
import type { StreamClient } from "./stream-client.ts";

export interface FanOutOptions<E, S> {
  readonly filter: (event: E, selection: S) => boolean;
  readonly coalesceMs: number;
}

interface Group<E extends StreamEvent, S> {
  readonly selection: S;
  readonly clients: Set<StreamClient<E>>;
}

/**
 * Gathers events for a moment and writes them to every client in one piece. Clients with the same selection share the
 * bytes: a thousand readers cost one serialisation.
 */
export function createFanOut<E extends StreamEvent, S>({ filter, coalesceMs }: FanOutOptions<E, S>) {
  const groups = new Map<string, Group<E, S>>();
  let batch: E[] = [];
  let timer: NodeJS.Timeout | undefined;
  let size = 0;

  function everyClient(act: (client: StreamClient<E>) => void): void {
    for (const { clients } of groups.values()) for (const client of clients) act(client);
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const events = batch;
    batch = [];
    const frames = new Map<E, string>();
    const frame = (event: E) => {
      const known = frames.get(event) ?? frameOf(event);
      frames.set(event, known);
      return known;
    };
    for (const { selection, clients } of groups.values()) {
      const wanted = events.filter((event) => filter(event, selection));
      if (wanted.length === 0) continue;
      const shared = Buffer.from(wanted.map(frame).join(""));
      for (const client of clients) client.deliver(wanted, shared);
    }
  }

  return {
    get size() {
      return size;
    },
    publish(events: readonly E[]): void {
      batch.push(...events);
      timer ??= setTimeout(flush, coalesceMs);
    },
    broadcast: (bytes: Buffer) => everyClient((client) => client.write(bytes)),
    /** Returns the way out, which tells whether the client was still there. */
    add(client: StreamClient<E>, selection: S): () => boolean {
      const key = JSON.stringify(selection);
      const group = groups.get(key) ?? { selection, clients: new Set() };
      groups.set(key, group);
      group.clients.add(client);
      size += 1;
      return () => {
        if (!group.clients.delete(client)) return false;
        size -= 1;
        if (group.clients.size === 0 && groups.get(key) === group) groups.delete(key);
        return true;
      };
    },
    endAll(): void {
      flush();
      everyClient((client) => client.end());
    },
  };
}
