import { isTranscript, type EventType, type StoredEvent } from "@mosaic/contracts";
import type { EventFilter, StateStore } from "../state-store.ts";
import { readEvent } from "./event-text.ts";
import { KEYS } from "./keys.ts";
import type { RunFunction } from "./run-function.ts";

/** Reads what happened, in steps that are bounded for the server. */
export function createReplay(
  run: RunFunction,
  noteNewest: (id: number) => void,
): Pick<StateStore, "eventsAfter" | "eventRange"> {
  return {
    async eventsAfter(filter) {
      const events: StoredEvent[] = [];
      if (filter.types?.length === 0) return events;
      const keys = placesOf(filter);
      const types = filter.types && Object.fromEntries(filter.types.map((type) => [type, true]));
      let { after } = filter;
      do {
        const limit = filter.limit - events.length;
        const request = JSON.stringify({ keys: keys ?? [], types, after, limit });
        const [reached, ...found] = await run(keys === null ? "events" : "events_by_place", request);
        for (let at = 0; at < found.length; at += 2) {
          events.push(readEvent(Number(found[at]), String(found[at + 1])));
        }
        after = Number(reached);
      } while (after > 0 && events.length < filter.limit);
      noteNewest(events.at(-1)?.id ?? 0);
      return events;
    },
    async eventRange() {
      const [oldest, newest] = await run("event_range");
      noteNewest(Number(newest));
      return { oldest: Number(oldest), newest: Number(newest) };
    },
  };
}

/** The streams of places that have all that is asked for, or null: then everything is read. */
function placesOf({ subject, lifecycleOnly, types }: EventFilter): readonly string[] | null {
  const wanted = (transcript: boolean): boolean =>
    (types ?? [null]).some((type: EventType | null) => type === null || isTranscript(type) === transcript);
  const transcripts = lifecycleOnly !== true && wanted(true);
  if (subject === undefined) return transcripts ? null : [KEYS.lifecycle];
  return [
    ...(wanted(false) ? [KEYS.lifecycleOf + subject] : []),
    ...(transcripts ? [KEYS.transcriptOf + subject] : []),
  ];
}
