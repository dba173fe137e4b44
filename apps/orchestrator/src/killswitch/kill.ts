import { type KillReceipt, ProblemError } from "@mosaic/contracts";
import { isAgentTerminal } from "@mosaic/domain";
import type { AgentRecord } from "@mosaic/store";
import { requireOurs } from "../instances/owner.ts";
import type { Services } from "../services.ts";
import type { Execution } from "../spawner/registry.ts";
import type { KillOrder } from "./order.ts";
import { pushOutcome } from "./push-outcome.ts";
import { createReceipt, type ReceiptBuilder } from "./receipt.ts";
import { auditKill, recordKilled, recordOrder, recordResidual } from "./record.ts";
import { removeWorkspace, type Unfinished } from "./remove-workspace.ts";
import { forbid, stopAttempt } from "./stop-attempt.ts";
import { verifyEmpty } from "./verify-empty.ts";
import { within } from "./within.ts";

/** When a workspace may be salvaged and removed. Kill-all stops every agent first. */
export type Pace = <T>(removal: () => Promise<T>) => Promise<T>;

/** Longest waits, in milliseconds. Whatever takes longer is in the receipt's residual, and finished afterwards. */
export interface KillLimits {
  readonly stepMs: number;
  readonly attemptMs: number;
  readonly moveMs: number;
  /** Saving goes on afterwards, and is nothing that is left. */
  readonly saveMs: number;
  readonly remoteMs: number;
}

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
  const start: Context["start"] = (agentId, order, pace) => {
    const joined = inFlight.get(agentId);
    if (joined !== undefined) return joinKill(services, { agentId, order, joined });
    const context = { services, limits, order, pace, start, unwritten };
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

interface Context {
  readonly services: Services;
  readonly limits: KillLimits;
  readonly order: KillOrder;
  readonly pace: Pace;
  readonly start: (agentId: string, order: KillOrder, pace: Pace) => Promise<KillReceipt>;
  /** Agents that were stopped while the store said nothing. */
  readonly unwritten: Set<string>;
}

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

async function killAgent(context: Context, agentId: string): Promise<KillReceipt> {
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
  if (ended && execution === undefined) return await follow(context, agent);
  if (execution === undefined) await requireOurs(services, agent);
  // An agent that has just ended is being cleaned up, and its task's entry may be its retry's.
  const [stopped] = await Promise.all([stopping, ended ? undefined : withdraw(context, agent, receipt)]);
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

async function withdraw(context: Context, agent: AgentRecord, receipt: ReceiptBuilder): Promise<void> {
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

interface Stopping {
  readonly agent: AgentRecord;
  readonly execution: Execution | undefined;
  readonly receipt: ReceiptBuilder;
  /** Whether the attempt has come to its end. */
  readonly stopped: boolean;
}

/** What is left of a stopped agent is saved, removed and looked for; then the end is written. */
async function finishKill(context: Context, stopping: Stopping): Promise<KillReceipt> {
  const { services, limits, pace } = context;
  const { agent, execution, receipt, stopped } = stopping;
  const push = await pushOutcome(services, agent, { execution, receipt, limitMs: limits.remoteMs });
  // A workspace is not pulled away from under an attempt that still runs.
  const unfinished: Unfinished | null = !stopped
    ? { work: execution?.settled ?? Promise.resolve() }
    : await pace(() => removeWorkspace(services, agent, { execution, receipt, limits }));
  await receipt.step("verified empty", () => verifyEmpty(services, agent, receipt));
  const done = (status: KillReceipt["status"]): KillReceipt =>
    receipt.close(agent, { status, residual: [...receipt.leftovers()], push: push.outcome });
  if (receipt.leftovers().length > 0) {
    return await leave(context, { agent, receipt, unfinished, close: () => done(agent.state) });
  }
  const killed = done("killed");
  const end = { order: context.order, receipt: killed, pushedCommit: push.commit };
  const outcome = await within(recordKilled(services, agent, end), limits.stepMs).catch((error: unknown) => ({
    done: true as const,
    value: { notWritten: error instanceof Error ? error.message : String(error) },
  }));
  return await answer(context, { agent, killed, outcome: outcome.done ? outcome.value : null });
}

/** Something is left: the agent stays as it is, with the receipt, until the kill can be made whole. */
async function leave(
  context: Context,
  left: {
    readonly agent: AgentRecord;
    readonly receipt: ReceiptBuilder;
    readonly unfinished: Unfinished | null;
    readonly close: () => KillReceipt;
  },
): Promise<KillReceipt> {
  const { services } = context;
  const { agent, receipt, unfinished, close } = left;
  await receipt.step("receipt kept", async () => {
    await recordResidual(services, agent, close());
    return null;
  });
  await audited(services, agent, { context, outcome: "left something behind", receipt: close() });
  services.metrics.kills.inc({ scope: "agent", result: "failed" });
  if (unfinished !== null) finishLater(context, agent, unfinished);
  return close();
}

type Written = Awaited<ReturnType<typeof recordKilled>> | { readonly notWritten: string } | null;

async function answer(
  context: Context,
  end: { readonly agent: AgentRecord; readonly killed: KillReceipt; readonly outcome: Written },
): Promise<KillReceipt> {
  const { services } = context;
  const { agent, killed, outcome } = end;
  if (outcome === "killed") {
    await audited(services, agent, { context, outcome: "killed", receipt: killed });
    services.metrics.kills.inc({ scope: "agent", result: "killed" });
    services.metrics.killDuration.observe({ scope: "agent" }, killed.durationMs / 1000);
    services.metrics.agentsEnded.inc({ outcome: "killed" });
    return killed;
  }
  if (outcome !== null && "endedAs" in outcome) {
    const receipt = { ...killed, status: agent.state };
    await audited(services, agent, { context, outcome: `had ended: ${outcome.endedAs}`, receipt });
    return await follow(context, await readAgent(context, agent.agentId));
  }
  // Nothing of it runs, but nobody wrote that down: the order has to be given again.
  const why = outcome === null ? "the store did not answer in time" : outcome.notWritten;
  const receipt = { ...killed, status: agent.state, residual: [`its state could not be written: ${why}`] };
  services.log.error({ agentId: agent.agentId, why }, "a kill could not be written down");
  await audited(services, agent, { context, outcome: "not written", receipt });
  return receipt;
}

/** @throws ProblemError illegal_transition, unless the agent's work goes on in a retry: then that is killed. */
async function follow(context: Context, agent: AgentRecord): Promise<KillReceipt> {
  const retry = agent.retriedBy === null ? null : await context.services.state.getAgent(agent.retriedBy);
  if (retry !== null && agent.killRequestedAt !== null && !isAgentTerminal(retry.state))
    return await context.start(retry.agentId, context.order, context.pace);
  const hint = retry === null ? "" : `; its task goes on as agent ${retry.agentId}`;
  throw new ProblemError(
    "illegal_transition",
    `agent ${agent.agentId} is ${agent.state}, which is final; only agents that are spawning or running can be killed${hint}`,
  );
}

async function readAgent({ services, limits }: Context, agentId: string): Promise<AgentRecord> {
  const read = await within(services.state.getAgent(agentId), limits.stepMs);
  if (!read.done) throw new Error(`the store did not answer within ${limits.stepMs} ms`);
  if (read.value === null) throw new ProblemError("agent_not_found", `there is no agent ${agentId}`);
  return read.value;
}

/** The order stands: once what could not be waited for is over, the kill is made whole. */
function finishLater(context: Context, agent: AgentRecord, unfinished: Unfinished): void {
  const again = (): Promise<unknown> => context.start(agent.agentId, context.order, context.pace);
  unfinished.work.then(again, again).catch((error: unknown) => {
    context.services.log.error({ agentId: agent.agentId, err: error }, "a kill could not be finished");
  });
}

/** The store said nothing while this agent was stopped: its kill is done once it does, however long that takes. */
function writeLater(context: Context, agentId: string): void {
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

/** A kill is not undone because it could not be written down; that it was not is said aloud. */
async function audited(
  services: Services,
  agent: AgentRecord,
  entry: { readonly context: Context; readonly outcome: string; readonly receipt: KillReceipt },
): Promise<void> {
  const { context, outcome, receipt } = entry;
  const written = auditKill(services, agent, { order: context.order, outcome, receipt });
  const late = await within(written, context.limits.stepMs).catch((error: unknown) => ({
    done: false,
    error,
  }));
  if (!late.done) services.log.error({ agentId: agent.agentId, ...late }, "a kill could not be audited");
}
