import { type Json, type KillReceipt, ProblemError } from "@mosaic/contracts";
import { IllegalTransitionError, isAgentTerminal } from "@mosaic/domain";
import type { AgentRecord } from "@mosaic/store";
import type { CleanupStep } from "../git/port.ts";
import type { Services } from "../services.ts";
import { type Execution, StopSignal } from "../spawner/registry.ts";
import { createReceipt, type ReceiptBuilder } from "./receipt.ts";

export interface KillOrder {
  /** Token name. */
  readonly by: string;
  /** Why, in the caller's words. */
  readonly why: string;
}

export type Kill = (agentId: string, order: KillOrder) => Promise<KillReceipt>;

/**
 * The kill switch for one agent. It waits for no queue, no lock and not for the agent. `killed` is written only when
 * nothing of the agent runs any more; otherwise the receipt lists what is left and the agent stays as it was.
 * Two orders for the same agent share one kill.
 * @throws ProblemError agent_not_found, illegal_transition
 */
export function createKill(services: Services): Kill {
  const inFlight = new Map<string, Promise<KillReceipt>>();
  return (agentId, order) => {
    const running =
      inFlight.get(agentId) ?? kill(services, agentId, order).finally(() => inFlight.delete(agentId));
    inFlight.set(agentId, running);
    return running;
  };
}

async function kill(services: Services, agentId: string, order: KillOrder): Promise<KillReceipt> {
  const agent = await services.state.getAgent(agentId);
  if (agent === null) throw new ProblemError("agent_not_found", `there is no agent ${agentId}`);
  if (isAgentTerminal(agent.state)) throw refused(agent.agentId, agent.state);
  const receipt = createReceipt(agent, services.now);
  const execution = services.registry.get(agentId);
  if (execution !== undefined) forbid(execution);
  await Promise.all([
    receipt.step("order recorded", () => recordOrder(services, agent, order)),
    receipt.step("taken off the queue", async () =>
      (await services.queue.remove(agent.taskId)) ? null : "had no entry",
    ),
    execution === undefined ? undefined : stopExecution(execution, receipt),
  ]);
  await removeWorkspace(services, agent, execution ?? null, receipt);
  const done = receipt.close(await residueOf(services, agent, receipt));
  if (done.residual.length === 0) return finish(services, agent, { order, receipt: done });
  services.log.error({ agentId, residual: done.residual }, "a kill left something behind");
  await audit(services, agent, { order, receipt: done });
  services.metrics.kills.inc({ scope: "agent", result: "failed" });
  return done;
}

/** Before anything else: the attempt may neither push nor write from now on. */
function forbid(execution: Execution): void {
  execution.killed = true;
  execution.stop.abort(new StopSignal("killed"));
}

async function recordOrder(services: Services, agent: AgentRecord, order: KillOrder): Promise<null> {
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

/** Sandbox and socket at the same time; then the attempt itself, which has nothing left to wait for. */
async function stopExecution(execution: Execution, receipt: ReceiptBuilder): Promise<void> {
  await receipt.step("push forbidden", async () =>
    execution.pushing ? "a push had begun; see the agent's events" : null,
  );
  await Promise.all([
    receipt.step("socket revoked", async () => {
      const revoked = await execution.door?.revoke();
      if (revoked?.gone === false) receipt.left("the agent's gateway socket");
      return null;
    }),
    receipt.step("sandbox killed and empty", async () => {
      const outcome = await execution.session?.kill();
      for (const pid of outcome?.survivors ?? []) receipt.left(`process ${pid}`);
      return null;
    }),
  ]);
  await receipt.step("attempt stopped", async () => {
    await execution.settled;
    // A sandbox or socket that came up while the order was on its way is taken down as well.
    await execution.door?.revoke();
    const outcome = await execution.session?.kill();
    for (const pid of outcome?.survivors ?? []) receipt.left(`process ${pid}`);
    return null;
  });
}

async function removeWorkspace(
  services: Services,
  agent: AgentRecord,
  execution: Execution | null,
  receipt: ReceiptBuilder,
): Promise<void> {
  const workspace =
    execution?.workspace ?? (await services.workspaces.reopen(agent.agentId, agent.taskId).catch(() => null));
  if (workspace === null) return;
  const steps: readonly CleanupStep[] = await services.workspaces.remove(workspace);
  for (const step of steps) {
    await receipt.step(step.name, async () => {
      if (!step.ok) receipt.left(`${step.name}: ${step.detail ?? "failed"}`);
      return step.detail ?? null;
    });
  }
}

async function residueOf(
  services: Services,
  agent: AgentRecord,
  receipt: ReceiptBuilder,
): Promise<readonly string[]> {
  const paths = await services.workspaces.residue(agent.agentId, agent.taskId);
  const door = services.gateway.list().includes(agent.agentId) ? ["an open gateway socket"] : [];
  return [...receipt.leftovers(), ...paths, ...door];
}

async function finish(
  services: Services,
  agent: AgentRecord,
  end: { readonly order: KillOrder; readonly receipt: KillReceipt },
): Promise<KillReceipt> {
  const { order, receipt } = end;
  const at = services.now().toISOString();
  const about = { time: at, subject: agent.agentId, taskId: agent.taskId };
  const error = `killed by ${order.by}: ${order.why}`;
  try {
    await services.state.transition({
      at,
      agent: {
        agentId: agent.agentId,
        to: "killed",
        patch: { completedAt: at, reason: "killed", error, step: null, details: { receipt } as Json },
      },
      task: { taskId: agent.taskId, to: "failed" },
      events: [
        { ...about, type: "agent.killed", data: { by: order.by, why: order.why, residual: [] } },
        { ...about, type: "task.failed", data: { reason: "killed", error } },
      ],
    });
  } catch (error_) {
    // It ended by itself between the look and the order; its own end stands.
    if (error_ instanceof IllegalTransitionError) throw refused(agent.agentId, error_.current);
    throw error_;
  }
  await audit(services, agent, end);
  services.metrics.kills.inc({ scope: "agent", result: "killed" });
  services.metrics.killDuration.observe({ scope: "agent" }, receipt.durationMs / 1000);
  services.metrics.agentsEnded.inc({ outcome: "killed" });
  return { ...receipt, status: "killed" };
}

async function audit(
  services: Services,
  agent: AgentRecord,
  end: { readonly order: KillOrder; readonly receipt: KillReceipt },
): Promise<void> {
  await services.audit.append({
    at: services.now().toISOString(),
    actor: end.order.by,
    action: "agent.kill",
    subject: agent.agentId,
    reason: end.order.why,
    data: { taskId: agent.taskId, stateBefore: agent.state, step: agent.step, receipt: end.receipt },
  });
}

function refused(agentId: string, state: string): ProblemError {
  return new ProblemError(
    "illegal_transition",
    `agent ${agentId} is ${state}, which is final; only agents that are spawning or running can be killed`,
  );
}
