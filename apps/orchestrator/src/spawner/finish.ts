import type { Json, NewEvent } from "@mosaic/contracts";
import { AttemptFailure, backoffMs, canAgentMove, hasRetryLeft, isRetryable } from "@mosaic/domain";
import { type AgentRecord, type Lease, LeaseLostError, type NewAgent, type TaskRecord } from "@mosaic/store";
import { SandboxError } from "@mosaic/sandbox";
import { redactDeep } from "../secrets/redact-records.ts";
import type { Services } from "../services.ts";
import { machineFault } from "./machine-fault.ts";
import { fateOfPush, type PushFate } from "./landed-push.ts";
import type { Completed } from "./rejection.ts";
import { type Execution, StopSignal } from "./registry.ts";

interface Subject {
  readonly task: TaskRecord;
  readonly agent: AgentRecord;
}

/** What an error on the way means for the attempt. An error nobody foresaw is `internal`, and is not retried. */
export function failureOf(error: unknown, execution: Execution): AttemptFailure {
  const cause: unknown = execution.stop.signal.aborted ? execution.stop.signal.reason : error;
  if (cause instanceof StopSignal) return stopped(cause);
  if (error instanceof AttemptFailure) return error;
  if (error instanceof LeaseLostError)
    return new AttemptFailure("interrupted", error.message, { cause: error });
  const fault = machineFault(error);
  if (fault !== null) return fault;
  if (error instanceof SandboxError) return new AttemptFailure("sandbox", error.message, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new AttemptFailure("internal", `an unexpected error: ${message}`, { cause: error });
}

/** What a stop makes of the attempt. Only an interruption is nobody's decision about this work, and is retried. */
function stopped({ stopCause, message }: StopSignal): AttemptFailure {
  if (stopCause === "timeout") return new AttemptFailure("timeout", "the attempt took longer than it may");
  if (stopCause === "cancelled" || stopCause === "stuck" || stopCause === "disk_limit")
    return new AttemptFailure(stopCause, message);
  return new AttemptFailure("interrupted", `the attempt was interrupted (${stopCause})`);
}

/** Writes `completed`, once the remote has been seen to hold the gated commit. */
export async function completeAttempt(
  services: Services,
  { task, agent }: Subject,
  end: { readonly completed: Completed; readonly lease: Lease },
): Promise<void> {
  const at = services.now().toISOString();
  const about = { time: at, subject: agent.agentId, taskId: task.taskId };
  await services.state.transition({
    at,
    agent: { agentId: agent.agentId, to: "completed", patch: { completedAt: at, step: null } },
    task: { taskId: task.taskId, to: "completed" },
    events: [
      { ...about, type: "agent.completed", data: { ...end.completed } },
      { ...about, type: "task.completed", data: { ...end.completed } },
    ],
  });
  services.reach("end.recorded");
  services.metrics.agentsEnded.inc({ outcome: "completed" });
  await giveBack(services, task, () => services.queue.complete(end.lease));
  services.reach("queue.completed");
}

/** Writes `failed`; a fault of the machinery is followed by a new agent of the same task, while retries are left. */
export async function failAttempt(
  services: Services,
  { task, agent }: Subject,
  end: { readonly failure: AttemptFailure; readonly lease: Lease },
): Promise<void> {
  const { failure } = end;
  const now = services.now();
  const at = now.toISOString();
  const error = services.scanner.redact(failure.message);
  const about = { time: at, subject: agent.agentId, taskId: task.taskId };
  const retry = isRetryable(failure.reason) && hasRetryLeft(agent.attempt, { maxRetries: task.maxRetries });
  const retryAt = now.getTime() + (retry ? delay(services, agent.attempt) : 0);
  const events: NewEvent[] = [
    { ...about, type: "agent.failed", data: { reason: failure.reason, error } },
    retry
      ? { ...about, type: "task.pending", data: { retryAt: new Date(retryAt).toISOString() } }
      : { ...about, type: "task.failed", data: { reason: failure.reason, error } },
  ];
  if (failure.reason === "internal") {
    services.log.error(
      { agentId: agent.agentId, err: failure.cause ?? failure },
      "an attempt failed unexpectedly",
    );
  }
  services.reach("retry.decided");
  await services.state.transition({
    at,
    agent: {
      agentId: agent.agentId,
      to: "failed",
      patch: { completedAt: at, error, reason: failure.reason, details: detailsOf(failure, services) },
    },
    task: { taskId: task.taskId, to: retry ? "pending" : "failed" },
    ...(retry ? { successor: successorOf(services, agent, at) } : {}),
    events,
  });
  services.reach("retry.recorded");
  services.metrics.agentsEnded.inc({ outcome: failure.reason });
  await giveBack(services, task, () => services.queue.fail(end.lease, retry ? retryAt : undefined));
  services.reach("retry.queued");
}

/**
 * Ends an attempt that nobody runs any more, and retries it while it may be. One that was pushing is completed when
 * the remote has its commit: doing it again would leave the same work there twice.
 */
export async function interruptAttempt(
  services: Services,
  subject: Subject,
  held: { readonly lease: Lease },
): Promise<void> {
  const { agent, task } = subject;
  if (!canAgentMove(agent.state, "failed")) {
    await giveBack(services, task, () => services.queue.fail(held.lease));
    return;
  }
  const fate = await fateOfPush(services, subject);
  if (fate.kind === "landed") await completeLanded(services, subject, { push: fate.push, lease: held.lease });
  else {
    const failure = (await cancellation(services, agent)) ?? interruption(fate);
    await failAttempt(services, subject, { failure, lease: held.lease });
  }
}

/** A cancel that the process did not live to finish: the agent is not retried. */
async function cancellation(services: Services, agent: AgentRecord): Promise<AttemptFailure | null> {
  const [order] = await services.state.eventsAfter({
    after: 0,
    limit: 1,
    subject: agent.agentId,
    types: ["agent.cancel_requested"],
  });
  if (order?.type !== "agent.cancel_requested") return null;
  return new AttemptFailure("cancelled", `cancelled by ${order.data.by}: ${order.data.why}`);
}

function interruption(fate: Exclude<PushFate, { kind: "landed" }>): AttemptFailure {
  if (fate.kind !== "unknown")
    return new AttemptFailure("interrupted", "the process that ran this attempt ended before it did");
  const { commit, branch } = fate.push;
  return new AttemptFailure(
    "push",
    `the process ended while it pushed ${commit} to '${branch}', and the remote cannot be asked whether it arrived (${fate.why}); ` +
      `it is not pushed again: if the branch is there the work is done, otherwise spawn the task under a new id`,
    { details: { commit, branch } },
  );
}

async function completeLanded(
  services: Services,
  subject: Subject,
  { push, lease }: { readonly push: Completed; readonly lease: Lease },
): Promise<void> {
  const { agent, task } = subject;
  services.reach("push.recognised");
  if (agent.pushedCommit === null) {
    const at = services.now().toISOString();
    await services.state.patchAgent(agent.agentId, { pushedCommit: push.commit }, at, [
      {
        type: "push.verified",
        time: at,
        subject: agent.agentId,
        taskId: task.taskId,
        data: { ...push, remote: task.repository, durationMs: 0 },
      },
    ]);
  }
  await completeAttempt(services, subject, { completed: push, lease });
}

function delay(services: Services, attempt: number): number {
  const { retryBaseMs, retryCapMs, maxRetries } = services.settings;
  return backoffMs(attempt, { maxRetries, baseMs: retryBaseMs, capMs: retryCapMs }, services.random());
}

function successorOf(services: Services, agent: AgentRecord, at: string): NewAgent {
  return {
    agentId: services.newId(),
    taskId: agent.taskId,
    attempt: agent.attempt + 1,
    spawnedAt: at,
    model: agent.model,
    yolo: services.settings.yolo,
    retryOf: agent.agentId,
  };
}

/** Details become JSON here, redacted: they may hold output of gates. */
function detailsOf(failure: AttemptFailure, services: Services): Json {
  if (failure.details === undefined) return null;
  const details = JSON.parse(JSON.stringify(failure.details)) as Json;
  return redactDeep(details, (text) => services.scanner.redact(text));
}

/** A lease that was lost belongs to somebody else by now; the state that was written stands. */
export async function giveBack(
  services: Services,
  task: TaskRecord,
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    services.log.warn({ taskId: task.taskId }, error.message);
  }
}
