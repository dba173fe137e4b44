import { isTranscript, type NewEvent, type StoredEvent } from "@mosaic/contracts";
import type { EventRow } from "./engine/events.ts";
import type { Listeners } from "./listeners.ts";

/** Events as the engine takes them. */
export function toEventRows(events: readonly NewEvent[]): readonly EventRow[] {
  return events.map(({ type, time, subject, taskId, data }) => ({
    type,
    time,
    subject,
    taskId: taskId ?? null,
    transcript: isTranscript(type),
    data: JSON.stringify(data),
  }));
}

/** Collects what a group of commits has written, to tell it to the listeners in one piece and in the order of ids. */
export function createEventFeed(listeners: Listeners<readonly StoredEvent[]>) {
  let written: StoredEvent[] = [];
  return {
    /** Gives events the ids the engine gave them: the first one's, and those that follow. */
    stage(events: readonly NewEvent[], firstId: number): readonly StoredEvent[] {
      const stored = events.map((event, index) => ({ ...event, id: firstId + index }));
      written.push(...stored);
      return stored;
    },
    flush(): void {
      if (written.length === 0) return;
      const events = written;
      written = [];
      listeners.call(events);
    },
  };
}

export type EventFeed = ReturnType<typeof createEventFeed>;
