import { type CancelResponse, ProblemError } from "@mosaic/contracts";
import { IllegalTransitionError, isAgentTerminal } from "@mosaic/domain";
import type { AgentRecord } from "@mosaic/store";
import { requireOurs } from "../instances/owner.ts";
import type { Services } from "../services.ts";
import { recordCleanUp } from "../spawner/clean-up.ts";
import { type Execution, StopSignal } from "../spawner/registry.ts";
import type { Kill } from "./kill.ts";
import type { KillOrder } from "./order.ts";
import { within } from "./within.ts";

export type Cancel = (agentId: string, order: KillOrder) => Promise<CancelResponse>;

/** The runtime's own kill of a turn waits this much longer than the kill switch, whose receipt is wanted. Milliseconds. */
const BACKSTOP_MS = 5_000;

/**
 * The graceful verb: a queued agent ends at once; a running one is interrupted, and killed when it has not stopped in
 * its grace. It ends `failed` with reason `cancelled`, or `killed` with a receipt when it took force. Its work is
 * salvaged either way, and it is not retried.
 * @throws ProblemError agent_not_found, illegal_transition; AgentElsewhereError when another orchestrator runs the agent
 */
export function createCancel(services: Services, kill: Kill): Cancel {
  const cancel: Cancel = async (agentId, order) => {
    const agent = await services.state.getAgent(agentId);
    if (agent === null) throw new ProblemError("agent_not_found", `there is no agent ${agentId}`);
    if (isAgentTerminal(agent.state)) throw final(agent);
    await requireOurs(services, agent);
    await recordOrder(services, agent, order);
    const execution = services.registry.get(agentId);
    const receipt =
      execution === undefined
        ? await endQueued(services, agent, order)
        : await interrupt(services, { execution, order, kill });
    const now = (await services.state.getAgent(agentId)) ?? agent;
    // It failed on its own in the same moment, and its task was going on in a retry.
    if (now.reason !== "cancelled" && now.retriedBy !== null) return await cancel(now.retriedBy, order);
    await audit(services, { before: agent, now, order });
    return {
      agentId,
      status: now.state,
      ...(now.reason === null ? {} : { reason: now.reason }),
      message: messageOf(services, now),
      ...(receipt === null ? {} : { receipt }),
    };
  };
  return cancel;
}

async function recordOrder(services: Services, agent: AgentRecord, order: KillOrder): Promise<void> {
  await services.state.append([
    {
      type: "agent.cancel_requested",
      time: services.now().toISOString(),
      subject: agent.agentId,
      taskId: agent.taskId,
      data: { by: order.by, why: order.why },
    },
  ]);
}

const sentence = (order: KillOrder): string => `cancelled by ${order.by}: ${order.why}`;

interface Interruption {
  readonly execution: Execution;
  readonly order: KillOrder;
  readonly kill: Kill;
}

/** Asks, waits for the agent's end, and kills when it does not come. */
async function interrupt(services: Services, { execution, order, kill }: Interruption) {
  const { agentId } = execution;
  const graceMs = services.settings.cancelGraceMs;
  const ended = endOf(services, agentId);
  try {
    const details = { message: sentence(order), graceMs: graceMs + BACKSTOP_MS };
    execution.stop.abort(new StopSignal("cancelled", details));
    const inTime = await within(Promise.race([ended.seen, execution.settled]), graceMs);
    if (inTime.done) return null;
  } finally {
    ended.forget();
  }
  const why = `${order.why} (cancelled; it did not stop within ${graceMs / 1000} s)`;
  try {
    return await kill(agentId, { by: order.by, why });
  } catch (error) {
    // It came to its end in the last moment.
    if (error instanceof ProblemError && error.code === "illegal_transition") return null;
    throw error;
  }
}

/** Resolves when the agent's end has been written; its clean-up may go on. */
function endOf(services: Services, agentId: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ends = new Set(["agent.completed", "agent.failed", "agent.killed"]);
  const forget = services.state.subscribe((events) => {
    if (events.some(({ subject, type }) => subject === agentId && ends.has(type))) resolve();
  });
  return { seen: promise, forget };
}

/** Nobody runs it: it ends here. A claim that comes in between finds its task ended, or is stopped. */
async function endQueued(services: Services, agent: AgentRecord, order: KillOrder): Promise<null> {
  const { agentId, taskId } = agent;
  await services.queue.remove(taskId);
  const at = services.now().toISOString();
  const about = { time: at, subject: agentId, taskId };
  const error = sentence(order);
  try {
    await services.state.transition({
      at,
      agent: { agentId, to: "failed", patch: { completedAt: at, reason: "cancelled", error, step: null } },
      task: { taskId, to: "failed" },
      events: [
        { ...about, type: "agent.failed", data: { reason: "cancelled", error } },
        { ...about, type: "task.failed", data: { reason: "cancelled", error } },
      ],
    });
  } catch (cause) {
    // Ended by somebody else in between; its own end stands.
    if (!(cause instanceof IllegalTransitionError)) throw cause;
    return null;
  }
  services.metrics.agentsEnded.inc({ outcome: "cancelled" });
  const claimed = services.registry.get(agentId);
  claimed?.stop.abort(new StopSignal("cancelled", { message: error, graceMs: 0 }));
  const left = claimed === undefined ? await services.workspaces.reopen(agentId, taskId) : null;
  if (left !== null) await recordCleanUp(services, left, await services.workspaces.remove(left));
  return null;
}

async function audit(
  services: Services,
  entry: { readonly before: AgentRecord; readonly now: AgentRecord; readonly order: KillOrder },
): Promise<void> {
  const { before, now, order } = entry;
  await services.audit.append({
    at: services.now().toISOString(),
    actor: order.by,
    action: "agent.cancel",
    subject: before.agentId,
    reason: order.why,
    data: {
      taskId: before.taskId,
      stateBefore: before.state,
      step: before.step,
      outcome: now.state,
      endReason: now.reason,
    },
  });
}

function messageOf({ settings }: Services, { agentId, state, reason }: AgentRecord): string {
  if (state === "killed")
    return `Agent ${agentId} did not stop within ${settings.cancelGraceMs / 1000} s and was killed`;
  if (state === "failed" && reason === "cancelled") return `Agent ${agentId} cancelled`;
  if (isAgentTerminal(state)) return `Agent ${agentId} had ended already: ${reason ?? state}`;
  return `Agent ${agentId} has not stopped yet; see its receipt`;
}

function final({ agentId, state, retriedBy }: AgentRecord): ProblemError {
  const hint = retriedBy === null ? "" : `; its task goes on as agent ${retriedBy}`;
  return new ProblemError(
    "illegal_transition",
    `agent ${agentId} is ${state}, which is final; only agents that are spawning or running can be cancelled${hint}`,
  );
}
