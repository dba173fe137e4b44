import type { StoredEvent } from "@mosaic/contracts";

type Listener = (events: readonly StoredEvent[]) => void;

/** Who wants to hear of events, each from a place of its own on. */
export interface EventSubscribers {
  readonly size: number;
  /** @param floor id of the last event that is no news to it. Returns the way to stop. */
  add(listener: Listener, floor: number): () => void;
  /** Ids after `to` will be given a second time. */
  rewind(to: number): void;
  tell(events: readonly StoredEvent[]): void;
}

/** @param onError told of what a listener threw, which keeps no other one from hearing */
export function createEventSubscribers(onError: (error: unknown) => void): EventSubscribers {
  const subscribers = new Set<{ floor: number; readonly listener: Listener }>();
  return {
    get size() {
      return subscribers.size;
    },
    add(listener, floor) {
      const subscriber = { floor, listener };
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },
    rewind(to) {
      for (const subscriber of subscribers) subscriber.floor = Math.min(subscriber.floor, to);
    },
    tell(events) {
      for (const { floor, listener } of Array.from(subscribers)) {
        const news = events.filter(({ id }) => id > floor);
        if (news.length === 0) continue;
        try {
          listener(news);
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}
