import { findAgentId, readAgentId } from "../connect/find-agent.ts";
import { readEvents } from "../follow/read-events.ts";
import type { CommandContext } from "./context.ts";
import { eventPrinter, followOnTerminal } from "./follow.ts";

/** `mosaic logs`: what happened to an agent and what it did; with --follow, until it ends. */
export async function logs(context: CommandContext, id: string, flags: { follow?: boolean }): Promise<void> {
  const { terminal, signal } = context;
  const wanted = readAgentId(id);
  const client = await context.connect();
  const agentId = await findAgentId(client, wanted, signal);
  if (flags.follow === true) return await followOnTerminal(context, client, agentId);
  const print = eventPrinter(terminal);
  let seen = 0;
  for await (const event of readEvents(client, agentId, { signal })) {
    seen += 1;
    print(event);
  }
  if (seen === 0) terminal.say("no events are kept for this agent");
}
