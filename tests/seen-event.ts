import type { Client } from "@mosaic/client";
import type { orchestratorRoutes, StoredEvent } from "@mosaic/contracts";

/** Waits for an event of an agent; looks at what was stored before, too. @throws when the stream ends before it came */
export async function seenEvent(
  client: Client<typeof orchestratorRoutes>,
  agentId: string,
  wanted: (event: StoredEvent) => boolean,
): Promise<StoredEvent> {
  const stop = new AbortController();
  try {
    const query = { agent: agentId, transcript: "true" as const };
    for await (const item of client.streamEvents({ lastEventId: 0, query, signal: stop.signal }))
      if (item.kind === "event" && wanted(item.event)) return item.event;
  } finally {
    stop.abort();
  }
  throw new Error(`the stream of ${agentId} ended`);
}
