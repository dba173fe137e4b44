import { findAgentId, readAgentId } from "../connect/find-agent.ts";
import { receiptLines } from "../render/kill-lines.ts";
import { CliError, EXIT } from "../exit.ts";
import { cleanLine } from "../terminal/clean.ts";
import type { CommandContext } from "./context.ts";

/** `mosaic cancel`: asks one agent to stop; it is killed when it does not in its grace. Exit 1 when anything is left. */
export async function cancel(
  context: CommandContext,
  id: string,
  flags: { readonly reason?: string },
): Promise<void> {
  const { terminal, signal } = context;
  const wanted = readAgentId(id);
  const client = await context.connect();
  const agentId = await findAgentId(client, wanted, signal);
  const body = flags.reason === undefined ? {} : { body: { reason: flags.reason } };
  const answer = await client.call("cancelAgent", { params: { agentId }, ...body }, { signal });
  if (terminal.json) terminal.jsonLine(answer);
  else {
    if (answer.receipt !== undefined) terminal.lines(receiptLines(answer.receipt, terminal.paint));
    terminal.line(cleanLine(answer.message));
  }
  if (answer.receipt !== undefined && answer.receipt.residual.length > 0) {
    throw new CliError(EXIT.failure, "the agent could not be stopped for certain", {
      hints: ["`mosaic kill` tries again; `mosaic show` says what is left."],
    });
  }
}
