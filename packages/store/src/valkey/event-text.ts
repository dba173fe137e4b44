import { isTranscript, type NewEvent, type StoredEvent } from "@mosaic/contracts";
import { KEYS } from "./keys.ts";
import { checks, type Layout } from "../record-layout.ts";
import { jsonText, readObject } from "./record-text.ts";

const EVENT: Layout<StoredEvent> = {
  id: checks.whole,
  type: checks.text,
  subject: checks.text,
  time: checks.text,
  taskId: checks.textOrNone,
  data: checks.object,
};

/** Neighbouring events that have the same index. */
export interface Run {
  readonly key: string;
  /** Place of the last one; the first of all is 1. */
  readonly last: number;
  /** Of each, with commas between them. */
  readonly types: string;
}

/** The indexes of events that follow each other. */
export function runsOf(events: readonly Pick<NewEvent, "type" | "subject">[]): readonly Run[] {
  const runs: { readonly key: string; last: number; types: string }[] = [];
  events.forEach(({ type, subject }, index) => {
    for (const key of indexesOf(type, subject)) {
      const run = runs.find((candidate) => candidate.key === key && candidate.last === index);
      if (run === undefined) runs.push({ key, last: index + 1, types: type });
      else {
        run.last = index + 1;
        run.types += `,${type}`;
      }
    }
  });
  return runs;
}

/**
 * Events as functions in the server take them: how many runs there are, of each its key, the place of its last event and
 * their types; then the events, which get their ids there.
 */
export function eventArguments(events: readonly NewEvent[]): readonly (string | number)[] {
  const runs = runsOf(events);
  return [
    runs.length,
    ...runs.flatMap(({ key, last, types }) => [key, last, types]),
    ...events.map(eventText),
  ];
}

/** @throws CorruptRecordError naming the stream and the entry */
export function readEvent(id: number, stored: string): StoredEvent {
  const layout = { ...EVENT, id: checks.oneOf([id]) };
  const { taskId, ...event } = readObject<StoredEvent>(`${KEYS.events} ${id}-0`, stored, layout);
  return { ...event, ...(typeof taskId === "string" ? { taskId } : {}) };
}

function indexesOf(type: NewEvent["type"], subject: string): readonly string[] {
  if (isTranscript(type)) return [KEYS.transcriptOf + subject];
  return [KEYS.lifecycle, KEYS.lifecycleOf + subject];
}

/** JSON without its beginning, which the server makes of the id. The type comes next: functions there look for it. */
export function eventText({ type, subject, time, taskId, data }: NewEvent): string {
  return jsonText({ type, subject, time, ...(taskId === undefined ? {} : { taskId }), data }).slice(1);
}
