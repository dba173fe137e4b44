import type { CallOutput } from "@mosaic/client";
import type { orchestratorRoutes } from "@mosaic/contracts";
import type { OrchestratorClient } from "../connect/connection.ts";

type EventPage = CallOutput<(typeof orchestratorRoutes)["listAgentEvents"]>;

/** An event as the API has it. */
export type Envelope = EventPage["items"][number];

/** An agent's stored events after `after`, oldest first, page by page. */
export async function* readEvents(
  client: OrchestratorClient,
  agentId: string,
  options: { readonly after?: number; readonly signal: AbortSignal },
): AsyncGenerator<Envelope, void, void> {
  let after: number | null = options.after ?? 0;
  while (after !== null) {
    const page: EventPage = await client.call(
      "listAgentEvents",
      { params: { agentId }, query: { after, limit: 1000 } },
      { signal: options.signal },
    );
    yield* page.items;
    after = page.nextAfter;
  }
}
