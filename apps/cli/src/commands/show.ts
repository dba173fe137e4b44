import { findAgent, readAgentId } from "../connect/find-agent.ts";
import { readEvents, type Envelope } from "../follow/read-events.ts";
import { agentPage, readStory } from "../render/agent-page.ts";
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
}
