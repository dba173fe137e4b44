import { type KillReceipt, ProblemError } from "@mosaic/contracts";
import { isAgentTerminal } from "@mosaic/domain";
import type { AgentRecord } from "@mosaic/store";
import { recordCleanUp } from "../spawner/clean-up.ts";
import type { Services } from "../services.ts";
import type { Execution } from "../spawner/registry.ts";
import { type KillContext, readAgent } from "./context.ts";
import { pushOutcome } from "./push-outcome.ts";
import type { ReceiptBuilder } from "./receipt.ts";
import { auditKill, recordKilled, recordResidual } from "./record.ts";
import { removeWorkspace, type Unfinished } from "./remove-workspace.ts";
import { verifyEmpty } from "./verify-empty.ts";
import { within } from "./within.ts";

export interface Stopping {
  readonly agent: AgentRecord;
  readonly execution: Execution | undefined;
  readonly receipt: ReceiptBuilder;
  /** Whether the attempt has come to its end. */
  readonly stopped: boolean;
}

/** What is left of a stopped agent is saved, removed and looked for; then the end is written. */
export async function finishKill(context: KillContext, stopping: Stopping): Promise<KillReceipt> {
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
  context.owed.delete(agent.agentId);
  const killed = done("killed");
  const end = { order: context.order, receipt: killed, pushedCommit: push.commit };
  const outcome = await within(recordKilled(services, agent, end), limits.stepMs).catch((error: unknown) => ({
    done: true as const,
    value: { notWritten: error instanceof Error ? error.message : String(error) },
  }));
  const ownEnd = outcome.done && typeof outcome.value === "object" && "endedAs" in outcome.value;
  // The order kept the attempt from cleaning up, and its own end stands: whoever waits for that is told of it.
  if (ownEnd && execution?.cleaning !== true)
    await within(recordCleanUp(services, agent, killed.steps), limits.stepMs);
  return await answer(context, { agent, killed, outcome: outcome.done ? outcome.value : null });
}

/** Something is left: the agent stays as it is, with the receipt, until the kill can be made whole. */
async function leave(
  context: KillContext,
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
  if (unfinished !== null) {
    context.owed.add(agent.agentId);
    finishLater(context, agent, unfinished);
  }
  return close();
}

type Written = Awaited<ReturnType<typeof recordKilled>> | { readonly notWritten: string } | null;

async function answer(
  context: KillContext,
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
export async function follow(context: KillContext, agent: AgentRecord): Promise<KillReceipt> {
  const retry = agent.retriedBy === null ? null : await context.services.state.getAgent(agent.retriedBy);
  if (retry !== null && agent.killRequestedAt !== null && !isAgentTerminal(retry.state))
    return await context.start(retry.agentId, context.order, context.pace);
  const hint = retry === null ? "" : `; its task goes on as agent ${retry.agentId}`;
  throw new ProblemError(
    "illegal_transition",
    `agent ${agent.agentId} is ${agent.state}, which is final; only agents that are spawning or running can be killed${hint}`,
  );
}

/** The order stands: once what could not be waited for is over, the kill is made whole. */
function finishLater(context: KillContext, agent: AgentRecord, unfinished: Unfinished): void {
  const again = (): Promise<unknown> => context.start(agent.agentId, context.order, context.pace);
  unfinished.work.then(again, again).catch((error: unknown) => {
    // It had ended by itself, and is cleaned up after.
    if (error instanceof ProblemError && error.code === "illegal_transition") return;
    context.services.log.error({ agentId: agent.agentId, err: error }, "a kill could not be finished");
  });
}

/** A kill is not undone because it could not be written down; that it was not is said aloud. */
async function audited(
  services: Services,
  agent: AgentRecord,
  entry: { readonly context: KillContext; readonly outcome: string; readonly receipt: KillReceipt },
): Promise<void> {
  const { context, outcome, receipt } = entry;
  const written = auditKill(services, agent, { order: context.order, outcome, receipt });
  const late = await within(written, context.limits.stepMs).catch((error: unknown) => ({
    done: false,
    error,
  }));
  if (!late.done) services.log.error({ agentId: agent.agentId, ...late }, "a kill could not be audited");
}
