import type { Json, KillReceipt } from "@mosaic/contracts";
import { IllegalTransitionError } from "@mosaic/domain";
import type { AgentRecord } from "@mosaic/store";
import type { Services } from "../services.ts";
import type { KillOrder } from "./order.ts";

export interface KillEnd {
  readonly order: KillOrder;
  readonly receipt: KillReceipt;
  /** What the remote's branch is at after a push that the kill came too late for. */
  readonly pushedCommit: string | null;
}

/** Writes the order down before anything else is written: a claim that comes later sees it, and so does a restart. */
export async function recordOrder(services: Services, agent: AgentRecord, order: KillOrder): Promise<null> {
  const at = services.now().toISOString();
  await services.state.patchAgent(agent.agentId, { killRequestedAt: at }, at, [
    {
      type: "agent.kill_requested",
      time: at,
      subject: agent.agentId,
      taskId: agent.taskId,
      data: { by: order.by, why: order.why },
    },
  ]);
  return null;
}

/**
 * Writes `killed`, with the receipt. Only for a receipt without residual.
 * @returns the agent's own end when it came first
 */
export async function recordKilled(
  services: Services,
  agent: AgentRecord,
  { order, receipt, pushedCommit }: KillEnd,
): Promise<"killed" | { readonly endedAs: string }> {
  const at = services.now().toISOString();
  const about = { time: at, subject: agent.agentId, taskId: agent.taskId };
  const error = `killed by ${order.by}: ${order.why}`;
  const patch = {
    completedAt: at,
    reason: "killed",
    error,
    step: null,
    details: { receipt } as Json,
    ...(pushedCommit === null ? {} : { pushedCommit }),
  } as const;
  try {
    await services.state.transition({
      at,
      agent: { agentId: agent.agentId, to: "killed", patch },
      task: { taskId: agent.taskId, to: "failed" },
      events: [
        { ...about, type: "agent.killed", data: { by: order.by, why: order.why, residual: [] } },
        { ...about, type: "task.failed", data: { reason: "killed", error } },
      ],
    });
    return "killed";
  } catch (cause) {
    // It ended by itself between the look and the order; its own end stands.
    if (cause instanceof IllegalTransitionError) return { endedAs: cause.current };
    throw cause;
  }
}

/** Keeps the receipt of a kill that left something, with the agent as it is. */
export async function recordResidual(
  services: Services,
  agent: AgentRecord,
  receipt: KillReceipt,
): Promise<void> {
  services.log.error({ agentId: agent.agentId, residual: receipt.residual }, "a kill left something behind");
  const at = services.now().toISOString();
  await services.state.patchAgent(agent.agentId, { details: { receipt } as Json }, at, []);
}

/** One entry for each order, whatever came of it (DESIGN §14): who, why, when, the state before, the receipt. */
export async function auditKill(
  services: Services,
  agent: AgentRecord,
  entry: { readonly order: KillOrder; readonly outcome: string; readonly receipt: KillReceipt },
): Promise<void> {
  await services.audit.append({
    at: services.now().toISOString(),
    actor: entry.order.by,
    action: "agent.kill",
    subject: agent.agentId,
    reason: entry.order.why,
    data: {
      taskId: agent.taskId,
      stateBefore: agent.state,
      step: agent.step,
      outcome: entry.outcome,
      receipt: entry.receipt,
    },
  });
}
