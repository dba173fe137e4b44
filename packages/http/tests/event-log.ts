import type { EventStreamSource } from "../src/index.ts";

export interface LogEvent {
  readonly id: number;
  readonly type: string;
  readonly subject: string;
  readonly text: string;
}

export interface Selection {
  readonly subject?: string | undefined;
}

/** A log of events in memory with what a test needs to force an interleaving. */
export function createEventLog(firstId = 1) {
  let events: LogEvent[] = [];
  let nextId = firstId;
  const listeners = new Set<(events: readonly LogEvent[]) => void>();
  const hooks: { beforeRead?: () => void | Promise<void>; afterRead?: () => void; rangeError?: Error } = {};

  const source: EventStreamSource<LogEvent, Selection> = {
    async after(id, limit, { subject }) {
      await hooks.beforeRead?.();
      const page = events
        .filter((event) => event.id > id && (subject === undefined || event.subject === subject))
        .slice(0, limit);
      hooks.afterRead?.();
      return page;
    },
    async range() {
      if (hooks.rangeError !== undefined) throw hooks.rangeError;
      return { oldest: events[0]?.id ?? 0, newest: events.at(-1)?.id ?? 0 };
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  return {
    source,
    hooks,
    get listeners() {
      return listeners.size;
    },
    get newest() {
      return nextId - 1;
    },
    append(count: number, { subject = "a", text = "" } = {}): void {
      const added = Array.from({ length: count }, () => ({
        id: nextId++,
        type: "agent.running",
        subject,
        text,
      }));
      events.push(...added);
      for (const listener of listeners) listener(added);
    },
    /** Drops the events before `id`. */
    prune(id: number): void {
      events = events.filter((event) => event.id >= id);
    },
  };
}

export const upTo = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
