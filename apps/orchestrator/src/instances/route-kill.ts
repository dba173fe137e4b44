import { KillReceipt } from "@mosaic/contracts";
import type { AgentRecord, InstanceRecord } from "@mosaic/store";
import type { Kill } from "../killswitch/kill.ts";
import type { KillOrder } from "../killswitch/order.ts";
import { auditKill, recordOrder, recordResidual } from "../killswitch/record.ts";
import type { Services } from "../services.ts";
import { readAnswer } from "./answer.ts";
import { ask } from "./ask.ts";
import { AgentElsewhereError, nameOf } from "./owner.ts";

/** How long another orchestrator gets to kill one agent, in milliseconds: longer than its own kill may take. */
const ANSWER_MS = 10_000;

/** A kill wherever the agent runs: the answer is the receipt of the orchestrator that has it. */
export type KillAnywhere = (agentId: string, order: KillOrder) => Promise<KillReceipt>;

/**
 * Sends a kill to the orchestrator that runs the agent, when that is another one. One that does not answer keeps the agent
 * as it is, with a receipt that names it: nobody else can tell whether anything of the agent still runs. The order stands,
 * and is carried out by its next sign of life; until then its lease ends by itself, and it may write and push nothing.
 * @throws ProblemError agent_not_found, illegal_transition
 */
export function routeKill(services: Services, kill: Kill, answerMs = ANSWER_MS): KillAnywhere {
  return async (agentId, order) => {
    try {
      return await kill(agentId, order);
    } catch (error) {
      if (!(error instanceof AgentElsewhereError)) throw error;
      return await send(services, error, { order, answerMs });
    }
  };
}

async function send(
  services: Services,
  { agent, owner }: AgentElsewhereError,
  { order, answerMs }: { readonly order: KillOrder; readonly answerMs: number },
): Promise<KillReceipt> {
  const { agentId } = agent;
  if (agent.killRequestedAt === null) await recordOrder(services, agent, order);
  const sent = { kind: "kill" as const, agentId, by: order.by, why: order.why };
  const answers = await ask(services, sent, { to: [owner], ms: answerMs });
  const answer = answers.get(owner.instanceId);
  if (answer === undefined) return await leftWith(services, agent, { owner, order });
  const receipt = readAnswer(KillReceipt, answer);
  if (receipt === null) throw new Error(`the answer of ${nameOf(owner)} to a kill cannot be understood`);
  return receipt;
}

/** The order stands with an orchestrator that said nothing: recorded, and with a receipt that says so. */
export async function leftWith(
  services: Services,
  agent: AgentRecord,
  { owner, order }: { readonly owner: InstanceRecord; readonly order: KillOrder },
): Promise<KillReceipt> {
  const at = services.now().toISOString();
  const receipt: KillReceipt = {
    agentId: agent.agentId,
    status: agent.state,
    previousStatus: agent.state,
    killedAt: at,
    durationMs: 0,
    steps: [
      { name: "order recorded", ok: true, atMs: 0 },
      { name: "orchestrator asked", ok: false, atMs: 0, detail: `${nameOf(owner)} did not answer` },
    ],
    residual: [
      `whatever runs with ${nameOf(owner)}: it did not answer, and carries the order out when it is back`,
    ],
  };
  await recordResidual(services, agent, receipt);
  await auditKill(services, agent, { order, outcome: "its orchestrator did not answer", receipt });
  return receipt;
}
