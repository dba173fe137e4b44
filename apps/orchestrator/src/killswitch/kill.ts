import { type KillReceipt, ProblemError } from "@mosaic/contracts";
import { isAgentTerminal } from "@mosaic/domain";
import type { AgentRecord } from "@mosaic/store";
import { requireOurs } from "../instances/owner.ts";
import type { Services } from "../services.ts";
import type { Execution } from "../spawner/registry.ts";
import { type KillContext, type KillLimits, type Pace, readAgent } from "./context.ts";
import { finishKill, follow } from "./finish-kill.ts";
import type { KillOrder } from "./order.ts";
import { createReceipt, type ReceiptBuilder } from "./receipt.ts";
import { recordOrder } from "./record.ts";
import { forbid, stopAttempt } from "./stop-attempt.ts";

/** Saving is waited for no longer than leaves a receipt of one agent within its second (DESIGN §13). */
const LIMITS: KillLimits = { stepMs: 4_000, attemptMs: 3_000, moveMs: 4_000, saveMs: 500, remoteMs: 3_000 };

export interface Kill {
  (agentId: string, order: KillOrder, pace?: Pace): Promise<KillReceipt>;
  /** Waits until no kill is under way. */
  idle(): Promise<void>;
}

/**
 * The kill switch for one agent. It waits for no queue, no lock and not for the agent, and for nothing without limit.
 * `killed` is written only when nothing of the agent runs any more; otherwise the receipt lists what is left and the
 * agent stays as it was. Two orders for the same agent share one kill. An agent that ended while the order was on its
 * way and is being retried is followed to its retry: the order was for the work.
 * @throws ProblemError agent_not_found, illegal_transition; AgentElsewhereError when another orchestrator runs the agent
 */
export function createKill(services: Services, limits: KillLimits = LIMITS): Kill {
  const inFlight = new Map<string, Promise<KillReceipt>>();
  const unwritten = new Set<string>();
  const owed = new Set<string>();
  const start: KillContext["start"] = (agentId, order, pace) => {
    const joined = inFlight.get(agentId);
    if (joined !== undefined) return joinKill(services, { agentId, order, joined });
    const context = { services, limits, order, pace, start, unwritten, owed };
    const running = killAgent(context, agentId).finally(() => inFlight.delete(agentId));
    inFlight.set(agentId, running);
    return running;
  };
  const kill = (agentId: string, order: KillOrder, pace: Pace = atOnce): Promise<KillReceipt> =>
    start(agentId, order, pace);
  return Object.assign(kill, {
    idle: async () => void (await Promise.allSettled(inFlight.values())),
  });
}

const atOnce: Pace = (removal) => removal();

/** The second order for the same agent gets the first one's receipt; that it was given is written down all the same. */
async function joinKill(
  services: Services,
  second: { readonly agentId: string; readonly order: KillOrder; readonly joined: Promise<KillReceipt> },
): Promise<KillReceipt> {
  const receipt = await second.joined;
  await services.audit.append({
    at: services.now().toISOString(),
    actor: second.order.by,
    action: "agent.kill",
    subject: second.agentId,
    reason: second.order.why,
    data: { outcome: "joined a kill under way", status: receipt.status, residual: receipt.residual },
  });
  return receipt;
}

async function killAgent(context: KillContext, agentId: string): Promise<KillReceipt> {
  const { services, limits } = context;
  const receipt = createReceipt(services.now, limits.stepMs);
  const stop = (execution: Execution): Promise<boolean> =>
    stopAttempt(services, execution, { receipt, limitMs: limits.attemptMs });
  // Before the store is asked anything: a store that is slow or broken stops no kill.
  const execution = services.registry.get(agentId);
  if (execution !== undefined) forbid(execution);
  const stopping = execution === undefined ? Promise.resolve(true) : stop(execution);
  const agent = await readAgent(context, agentId).catch(async (error: unknown) => {
    await stopping;
    if (execution !== undefined) context.unwritten.add(agentId);
    if (context.unwritten.has(agentId)) writeLater(context, agentId);
    throw error;
  });
  const ended = isAgentTerminal(agent.state);
  if (ended && execution === undefined && !context.owed.has(agentId)) return await follow(context, agent);
  if (execution === undefined && !ended) await requireOurs(services, agent);
  // An agent that has just ended is being cleaned up, and its task's entry may be its retry's.
  const [stopped] = await Promise.all([stopping, ended ? undefined : withdraw(context, agent, receipt)]);
  // It had ended by itself and is cleaning up: what is left of that is its own to do and to tell.
  if (ended && execution?.cleaning === true) return await follow(context, agent);
  // Claimed while the order was on its way: a claim that comes later sees the order.
  const late = services.registry.get(agentId);
  // By another orchestrator: whether anything came of it only that one can tell.
  if (!ended && held(execution, late) === undefined)
    await requireOurs(services, await readAgent(context, agentId));
  const lateStopped = late === undefined || late === execution ? true : await stop(late);
  return await finishKill(context, {
    agent,
    execution: held(execution, late),
    receipt,
    stopped: stopped && lateStopped,
  });
}

const held = (execution: Execution | undefined, late: Execution | undefined): Execution | undefined =>
  late ?? execution;

async function withdraw(context: KillContext, agent: AgentRecord, receipt: ReceiptBuilder): Promise<void> {
  const { queue } = context.services;
  await Promise.all([
    receipt.step("order recorded", async () =>
      agent.killRequestedAt === null
        ? await recordOrder(context.services, agent, context.order)
        : `ordered before, at ${agent.killRequestedAt}`,
    ),
    receipt.step("taken off the queue", async () =>
      (await queue.remove(agent.taskId)) ? null : "had no entry",
    ),
  ]);
}

/** The store said nothing while this agent was stopped: its kill is done once it does, however long that takes. */
function writeLater(context: KillContext, agentId: string): void {
  const { services, limits, order, unwritten } = context;
  const again = async (): Promise<void> => {
    try {
      await context.start(agentId, order, atOnce);
      unwritten.delete(agentId);
    } catch (error) {
      if (error instanceof ProblemError) unwritten.delete(agentId);
      services.log.error({ agentId, err: error }, "a kill could not be written down yet");
    }
  };
  // A start of this orchestrator finds what this process does not live to write.
  setTimeout(() => void again(), limits.stepMs).unref();
}
