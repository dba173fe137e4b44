export interface StreamEvent {
  readonly id: number;
  readonly type: string;
}

export const PING = Buffer.from(": ping\n\n");
export const GOODBYE = ": the server is closing\n\n";

/** One event as server-sent events spell it. JSON has no line break, so one `data:` line is enough. */
export function frameOf(event: StreamEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Sets the reader's position without an event, so that it can resume from here. */
export function positionFrame(id: number, retryMs: number): string {
  return `retry: ${retryMs}\nid: ${id}\n\n`;
}

/** Tells a reader that events after its position are gone for good, and where it goes on. */
export function resetFrame(range: { readonly oldest: number; readonly newest: number }): string {
  return `id: ${range.newest}\nevent: reset\ndata: ${JSON.stringify(range)}\n\n`;
}
