import type { AgentView } from "@mosaic/contracts";
import type { OrchestratorClient } from "../connect/connection.ts";
import { isAbort } from "../connect/explain.ts";
import { CliError, EXIT } from "../exit.ts";
import { followAgent } from "../follow/follow-agent.ts";
import type { Envelope } from "../follow/read-events.ts";
import { createEventRenderer } from "../render/event-lines.ts";
import { usageLine } from "../render/usage.ts";
import { short } from "../render/units.ts";
import { cleanLine } from "../terminal/clean.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { CommandContext } from "./context.ts";

/** Prints events as they come: lines for people, or one JSON object a line. */
export function eventPrinter(terminal: Terminal): (event: Envelope) => void {
  if (terminal.json) return (event) => terminal.jsonLine(event);
  const render = createEventRenderer({ paint: terminal.paint, width: terminal.width });
  return (event) => terminal.lines(render(event));
}

/**
 * Follows an agent on the terminal until it, or the attempt that retries it, ends.
 * @throws CliError exit 5 when it did not complete, 130 when the person detached
 */
export async function followOnTerminal(
  context: CommandContext,
  client: OrchestratorClient,
  agentId: string,
): Promise<void> {
  const { terminal, signal } = context;
  let current = agentId;
  try {
    const ended = await followAgent({
      client,
      agentId,
      signal,
      now: context.now,
      onEvent: eventPrinter(terminal),
      onRetry: (next) => {
        current = next;
        terminal.say(`another attempt follows: ${next}`);
      },
      say: (text) => terminal.say(text),
    });
    sayEnd(terminal, ended);
    if (ended.status !== "completed") {
      const why = ended.error === undefined ? "" : `: ${cleanLine(ended.error)}`;
      throw new CliError(
        EXIT.agentFailed,
        `the agent ${ended.status === "killed" ? "was killed" : "failed"}${why}`,
        {
          hints: [`\`mosaic show ${short(ended.agentId)}\` says more.`],
        },
      );
    }
  } catch (error) {
    if (!isAbort(error) || !signal.aborted) throw error;
    throw new CliError(EXIT.interrupted, "you are detached; the agent goes on", {
      hints: [
        `Follow it again: mosaic logs ${short(current)} -f`,
        `Stop it:         mosaic kill ${short(current)}`,
      ],
    });
  }
}

function sayEnd(terminal: Terminal, agent: AgentView): void {
  terminal.say(`used: ${usageLine(agent.usage)}`);
  if (agent.status === "completed") terminal.say(`see what it did: mosaic diff ${short(agent.agentId)}`);
}
