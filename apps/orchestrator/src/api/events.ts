import { isTranscript, type orchestratorRoutes, type StoredEvent } from "@mosaic/contracts";
import { createEventStream, type EventStream, type Handler } from "@mosaic/http";
import type { StateStore } from "@mosaic/store";
import type { Metrics } from "@mosaic/telemetry";
import { eventView } from "./views.ts";

/** What a client of the stream wants to see. */
export interface EventSelection {
  readonly agent: string | null;
  readonly transcript: boolean;
}

/** The one stream of a plane, over the store's log. */
export function createAgentEventStream(state: StateStore, metrics: Metrics): EventStream<EventSelection> {
  return createEventStream<ReturnType<typeof eventView>, EventSelection>({
    source: {
      async after(id, limit, selection) {
        const events = await state.eventsAfter({
          after: id,
          limit,
          lifecycleOnly: !selection.transcript,
          ...(selection.agent === null ? {} : { subject: selection.agent }),
        });
        return events.map(eventView);
      },
      range: () => state.eventRange(),
      subscribe: (listener) =>
        state.subscribe((events: readonly StoredEvent[]) => listener(events.map(eventView))),
    },
    filter: (event, selection) =>
      (selection.transcript || !isTranscript(event.type)) &&
      (selection.agent === null || event.subject === selection.agent),
    metrics,
  });
}

/** Serves `GET /agents/events`. */
export function streamEventsHandler(
  stream: EventStream<EventSelection>,
): Handler<(typeof orchestratorRoutes)["streamEvents"]> {
  return ({ query }, context) =>
    stream.attach(context, {
      selection: { agent: query.agent ?? null, transcript: query.transcript },
      lastEventId: query.lastEventId,
    });
}
