import { EventEnvelope, EventType, parseEventData, type StoredEvent } from "@mosaic/contracts";
import type { EventSourceMessage } from "eventsource-parser";
import { z } from "zod";
import { InvalidResponseError } from "./errors.ts";
import type { StreamItem } from "./stream-types.ts";

const Reset = z.object({ newest: z.int() });

function invalid(message: EventSourceMessage, cause: unknown): InvalidResponseError {
  const what = `the event ${message.id ?? "without an id"} (${message.event ?? "no type"})`;
  return new InvalidResponseError(`${what} does not fit the contract; is the server of another version?`, {
    cause,
  });
}

/**
 * A frame of the stream as an item; null for a type this client does not know, which a newer server may send.
 * @throws InvalidResponseError
 */
export function parseMessage(message: EventSourceMessage): StreamItem | null {
  const { event: type } = message;
  if (type !== "reset" && !EventType.safeParse(type).success) return null;
  try {
    const data: unknown = JSON.parse(message.data);
    if (type === "reset") return { kind: "reset", newest: Reset.parse(data).newest };
    const envelope = EventEnvelope.parse(data);
    const event = { ...envelope, data: parseEventData(envelope.type, envelope.data) } as StoredEvent;
    return { kind: "event", id: envelope.id, event };
  } catch (error) {
    throw invalid(message, error);
  }
}
