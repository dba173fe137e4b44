import { isAgentTerminal, isTaskTerminal } from "@mosaic/domain";
import { type AgentRecord, type Lease, LeaseLostError, type TaskRecord } from "@mosaic/store";
import { monitorOf } from "../monitor/monitor-of.ts";
import type { HeldLease } from "../queue/held-lease.ts";
import { holdLease } from "../queue/hold-lease.ts";
import type { Services } from "../services.ts";
import { runAttempt } from "./attempt.ts";
import { attemptState } from "./attempt-state.ts";
import { cleanUp } from "./clean-up.ts";
import type { AttemptContext } from "./context.ts";
import { completeAttempt, failAttempt, failureOf, giveBack, interruptAttempt } from "./finish.ts";
import { type Execution, StopSignal } from "./registry.ts";
import { reparseRepository } from "./repository-policy.ts";
import { createTranscript } from "./transcript.ts";

/**
 * Executes one claimed task: runs its current attempt and writes down how it ended. Never throws for what an agent,
 * a repository or a model does; what it throws is a fault of the store.
 */
export async function execute(services: Services, lease: Lease): Promise<void> {
  const task = await services.state.getTask(lease.taskId);
  if (task === null || isTaskTerminal(task.state)) {
    await (task?.state === "completed" ? services.queue.complete(lease) : services.queue.fail(lease));
    return;
  }
  const agent = await services.state.getAgent(task.agentId);
  if (agent === null)
    throw new Error(`task ${task.taskId} names agent ${task.agentId}, which the store does not hold`);
  if (agent.killRequestedAt !== null) {
    // Whoever was promised its end gets it from the kill switch; it is not retried.
    await giveBack(services, task, () => services.queue.fail(lease));
    return;
  }
  if (task.state !== "pending") {
    // Claimed again although nobody ended it: whoever held the lease is gone.
    await takeUp(services, { task, agent }, lease);
    return;
  }
  const { execution, done } = services.registry.add(agent.agentId, task.taskId);
  try {
    // A kill or cancel writes its order, then looks here; whoever comes second sees the other.
    if (await wasStopped(services, agent.agentId)) {
      await giveBack(services, task, () => services.queue.fail(lease));
      return;
    }
    const held = holdLease(services, lease, () => execution.stop.abort(new StopSignal("lease_lost")));
    execution.lease = held;
    try {
      const own = ownServices(services, held, execution);
      await assign(own, task, agent);
      await carryOut(own, { task, agent }, { held, execution, cleaner: services });
    } catch (error) {
      // Whoever owns the task by now writes what becomes of it; here nothing of it runs any more.
      if (!(error instanceof LeaseLostError)) throw error;
      services.log.warn({ taskId: task.taskId, agentId: agent.agentId }, error.message);
    } finally {
      held.stop();
    }
  } finally {
    done();
  }
}

/** What an attempt works with: all that it writes, it writes as the owner of its task. */
function ownServices(services: Services, held: HeldLease, execution?: Execution): Services {
  const state = attemptState(services.state, {
    lease: () => held.lease,
    patienceMs: services.settings.storePatienceMs,
    given: () => execution?.killed === true,
  });
  return { ...services, state };
}

async function wasStopped(services: Services, agentId: string): Promise<boolean> {
  const agent = await services.state.getAgent(agentId);
  return agent === null || isAgentTerminal(agent.state) || agent.killRequestedAt !== null;
}

/** The end of an attempt whose process is gone; asking a remote may take longer than a lease. */
async function takeUp(
  services: Services,
  subject: { readonly task: TaskRecord; readonly agent: AgentRecord },
  lease: Lease,
): Promise<void> {
  const held = holdLease(services, lease, () => undefined);
  try {
    await interruptAttempt(ownServices(services, held), subject, held);
  } finally {
    held.stop();
  }
}

async function assign(services: Services, task: TaskRecord, agent: AgentRecord): Promise<void> {
  const at = services.now().toISOString();
  const { yolo } = services.settings;
  await services.state.patchAgent(
    agent.agentId,
    { owner: services.instanceId, step: "claimed", yolo },
    at,
    [],
  );
  services.reach("task.owned");
  await services.state.transition({
    at,
    task: { taskId: task.taskId, to: "assigned" },
    events: [{ type: "task.assigned", time: at, subject: agent.agentId, taskId: task.taskId, data: {} }],
  });
  services.reach("task.assigned");
}

interface Claimed {
  readonly held: HeldLease;
  readonly execution: Execution;
  /** Cleaning up is told of when the task is nobody's any more. */
  readonly cleaner: Services;
}

async function carryOut(
  services: Services,
  subject: { readonly task: TaskRecord; readonly agent: AgentRecord },
  { held, execution, cleaner }: Claimed,
): Promise<void> {
  const { task, agent } = subject;
  const repository = reparseRepository(task.repository);
  const timeoutMs = Math.min((task.options.timeout ?? Infinity) * 1000, services.settings.agentTimeoutMs);
  const clock = setTimeout(() => execution.stop.abort(new StopSignal("timeout")), timeoutMs);
  const canary = services.tripWire.arm(agent);
  const context: AttemptContext = {
    services,
    task,
    agent,
    repository,
    execution,
    transcript: createTranscript({
      state: services.state,
      agentId: agent.agentId,
      taskId: task.taskId,
      redact(text) {
        canary.check(text, "transcript");
        return services.scanner.redact(canary.redact(text));
      },
      now: services.now,
    }),
    canary,
    maxAttempts: task.options.maxAttempts ?? services.settings.maxAttempts,
    maxTurns: task.options.maxTurns ?? services.settings.maxTurns,
    signal: execution.stop.signal,
    monitor: monitorOf(services, execution),
  };
  try {
    const outcome = await runAttempt(context).then(
      (completed) => ({ completed }),
      (error: unknown) => ({ failure: failureOf(error, execution) }),
    );
    clearTimeout(clock);
    // A kill writes the end of what it kills, and cleans up itself.
    if (execution.killed) return;
    await endSession(context);
    if (execution.killed) return;
    services.reach("session.ended");
    if ("completed" in outcome) await completeAttempt(services, subject, { ...outcome, lease: held.lease });
    else await failAttempt(services, subject, { ...outcome, lease: held.lease });
  } finally {
    clearTimeout(clock);
    context.monitor.stop();
    if (!execution.killed) {
      execution.cleaning = true;
      await cleanUp(cleaner, execution);
    }
  }
}

/** The agent is stopped before its end is written, so that no ended agent still runs. */
async function endSession({ execution, transcript, services, agent }: AttemptContext): Promise<void> {
  await execution.session?.kill();
  await execution.door?.revoke();
  if (execution.egress !== null) {
    await execution.egress.close();
    transcript.egressClosed(execution.egress.counts());
  }
  await transcript.flush().catch((error: unknown) => {
    services.log.error(
      { agentId: agent.agentId, err: error },
      "a part of the transcript could not be stored",
    );
  });
}
