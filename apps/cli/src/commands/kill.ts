import type { OrchestratorClient } from "../connect/connection.ts";
import { findAgentId, readAgentId } from "../connect/find-agent.ts";
import { CliError, EXIT, usageError } from "../exit.ts";
import { killAllLines, receiptLines } from "../render/kill-lines.ts";
import { count } from "../render/units.ts";
import type { CommandContext } from "./context.ts";
import { listAgents } from "./ls.ts";

export interface KillFlags {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly reason?: string;
}

/** What a person types to kill everything. */
const CONFIRMATION = "kill all";

/** `mosaic kill`: stops one agent, or all, at once. Exit 1 when anything is left. */
export async function kill(context: CommandContext, id: string | undefined, flags: KillFlags): Promise<void> {
  if (flags.all === true && id !== undefined) throw usageError("give either an agent id or --all, not both");
  if (flags.all === true) return await killAll(context, flags);
  if (id === undefined) {
    throw usageError("say what to kill: an agent id, or --all", "`mosaic ls` lists the agents.");
  }
  return await killOne(context, id, flags);
}

const bodyOf = (flags: KillFlags): { body?: { reason: string } } =>
  flags.reason === undefined ? {} : { body: { reason: flags.reason } };

async function killOne(context: CommandContext, id: string, flags: KillFlags): Promise<void> {
  const { terminal, signal } = context;
  const wanted = readAgentId(id);
  const client = await context.connect();
  const agentId = await findAgentId(client, wanted, signal);
  const receipt = await client.call("killAgent", { params: { agentId }, ...bodyOf(flags) }, { signal });
  if (terminal.json) terminal.jsonLine(receipt);
  else terminal.lines(receiptLines(receipt, terminal.paint));
  if (receipt.residual.length > 0) {
    throw new CliError(EXIT.failure, `${count(receipt.residual.length, "thing")} could not be removed`);
  }
}

async function killAll(context: CommandContext, flags: KillFlags): Promise<void> {
  const { terminal, signal } = context;
  if (flags.yes !== true && !terminal.canAsk) {
    throw usageError("killing every agent needs --yes when there is no terminal to ask on");
  }
  const client = await context.connect();
  if (flags.yes !== true) await confirm(context, client);
  const answer = await client.call("killAll", bodyOf(flags), { signal });
  if (terminal.json) terminal.jsonLine(answer);
  else terminal.lines(killAllLines(answer, terminal.paint));
  const left = answer.receipts.filter((receipt) => receipt.residual.length > 0).length;
  if (answer.silent.length > 0 && answer.failed === 0 && left === 0)
    throw new CliError(EXIT.failure, `${count(answer.silent.length, "orchestrator")} did not answer`, {
      hints: ["`mosaic orchestrators` says which of them are alive."],
    });
  if (answer.failed > 0 || left > 0) {
    throw new CliError(
      EXIT.failure,
      `${count(Math.max(answer.failed, left), "agent")} could not be stopped for certain`,
      {
        hints: ["Repeat the command; `mosaic show <id>` says what is left."],
      },
    );
  }
}

async function confirm(context: CommandContext, client: OrchestratorClient): Promise<void> {
  const { items } = await listAgents(client, {
    wanted: Number.POSITIVE_INFINITY,
    status: ["spawning", "running"],
    signal: context.signal,
  });
  const question = `This kills ${count(items.length, "agent")} at once. Type "${CONFIRMATION}" to go on: `;
  const answer = await context.terminal.ask(question, context.signal);
  if (answer?.trim() !== CONFIRMATION) throw new CliError(EXIT.cancelled, "nothing was killed");
}
