import { ApiError } from "@mosaic/client";
import type { AgentSalvage, AgentView } from "@mosaic/contracts";
import type { OrchestratorClient } from "../connect/connection.ts";
import { findAgent, readAgentId } from "../connect/find-agent.ts";
import { readEvents, type Envelope } from "../follow/read-events.ts";
import { agentPage, readStory } from "../render/agent-page.ts";
import { restoreHints } from "../render/salvage-lines.ts";
import { sayWarnings, type CommandContext } from "./context.ts";

/** `mosaic show`: everything about one agent. */
export async function show(context: CommandContext, id: string): Promise<void> {
  const { terminal, signal } = context;
  const wanted = readAgentId(id);
  const client = await context.connect();
  const agent = await findAgent(client, wanted, signal);
  if (terminal.json) return terminal.jsonLine(agent);
  await sayWarnings(context, client);
  const telling: Envelope[] = [];
  for await (const event of readEvents(client, agent.agentId, { signal })) {
    if (!event.type.startsWith("transcript.")) telling.push(event);
  }
  terminal.lines(agentPage(agent, readStory(telling), { paint: terminal.paint, nowMs: context.now() }));
  const hints = restoreHints(await readSalvages(context, client, agent));
  if (hints.length > 0) terminal.lines(["", "Restore", ...hints.map((line) => `  ${line}`)]);
}

/** What can be had back of work that was not pushed: this agent's, and that of the attempt it follows. */
async function readSalvages(
  { signal }: CommandContext,
  client: OrchestratorClient,
  agent: AgentView,
): Promise<readonly AgentSalvage[]> {
  const ids = [agent.status === "completed" ? undefined : agent.agentId, agent.retryOf];
  const found = ids.map(async (agentId) => {
    if (agentId === undefined) return [];
    try {
      return [await client.call("getAgentSalvage", { params: { agentId } }, { signal })];
    } catch (error) {
      // A server of an older version has no such route; the page is as good without.
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    }
  });
  return (await Promise.all(found)).flat();
}
