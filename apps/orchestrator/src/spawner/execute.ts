import { isTaskTerminal } from "@mosaic/domain";
import type { AgentRecord, Lease, TaskRecord } from "@mosaic/store";
import { holdLease } from "../queue/hold-lease.ts";
import type { Services } from "../services.ts";
import { runAttempt } from "./attempt.ts";
import { cleanUp } from "./clean-up.ts";
import type { AttemptContext } from "./context.ts";
import { completeAttempt, failAttempt, failureOf, interruptAttempt } from "./finish.ts";
import { StopSignal } from "./registry.ts";
import { reparseRepository } from "./repository-policy.ts";
import { createTranscript } from "./transcript.ts";

/**
 * Executes one claimed task: runs its current attempt and writes down how it ended. Never throws for what an agent,
 * a repository or a model does; what it throws is a fault of the store.
 */
export async function execute(services: Services, lease: Lease): Promise<void> {
  const task = await services.state.getTask(lease.taskId);
  if (task === null || isTaskTerminal(task.state)) {
    await services.queue.complete(lease);
    return;
  }
  const agent = await services.state.getAgent(task.agentId);
  if (agent === null)
    throw new Error(`task ${task.taskId} names agent ${task.agentId}, which the store does not hold`);
  if (task.state !== "pending") {
    // Claimed again although nobody ended it: whoever held the lease is gone.
    await interruptAttempt(services, { task, agent }, lease);
    return;
  }
  await assign(services, task, agent);
  await carryOut(services, { task, agent }, lease);
}

async function assign(services: Services, task: TaskRecord, agent: AgentRecord): Promise<void> {
  const at = services.now().toISOString();
  await services.state.patchAgent(agent.agentId, { owner: services.instanceId, step: "claimed" }, at, []);
  await services.state.transition({
    at,
    task: { taskId: task.taskId, to: "assigned" },
    events: [{ type: "task.assigned", time: at, subject: agent.agentId, taskId: task.taskId, data: {} }],
  });
}

async function carryOut(
  services: Services,
  subject: { readonly task: TaskRecord; readonly agent: AgentRecord },
  lease: Lease,
): Promise<void> {
  const { task, agent } = subject;
  const { execution, done } = services.registry.add(agent.agentId, task.taskId);
  const held = holdLease(services, lease, () => execution.stop.abort(new StopSignal("lease_lost")));
  const timeoutMs = Math.min((task.options.timeout ?? Infinity) * 1000, services.settings.agentTimeoutMs);
  const clock = setTimeout(() => execution.stop.abort(new StopSignal("timeout")), timeoutMs);
  const context: AttemptContext = {
    services,
    task,
    agent,
    repository: reparseRepository(task.repository),
    execution,
    transcript: createTranscript({
      state: services.state,
      agentId: agent.agentId,
      taskId: task.taskId,
      redact: (text) => services.scanner.redact(text),
      now: services.now,
    }),
    maxAttempts: task.options.maxAttempts ?? services.settings.maxAttempts,
    maxTurns: task.options.maxTurns ?? services.settings.maxTurns,
    signal: execution.stop.signal,
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
    if ("completed" in outcome) await completeAttempt(services, subject, { ...outcome, lease: held.lease });
    else await failAttempt(services, subject, { ...outcome, lease: held.lease });
  } finally {
    clearTimeout(clock);
    held.stop();
    if (!execution.killed) await cleanUp(services, execution);
    done();
  }
}

/** The agent is stopped before its end is written, so that no ended agent still runs. */
async function endSession({ execution, transcript, services, agent }: AttemptContext): Promise<void> {
  await execution.session?.kill();
  await execution.door?.revoke();
  await transcript.flush().catch((error: unknown) => {
    services.log.error(
      { agentId: agent.agentId, err: error },
      "a part of the transcript could not be stored",
    );
  });
}
