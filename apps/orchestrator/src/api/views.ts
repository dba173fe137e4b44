import type { AgentView, Json, StoredEvent, Usage } from "@mosaic/contracts";
import { NO_USAGE } from "@mosaic/domain";
import type { AgentRecord, TaskRecord, UsageTotals } from "@mosaic/store";

/** `null` in the store is an absent field on the wire. */
function present<T extends object>(values: { readonly [K in keyof T]: T[K] | null }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<T>;
}

/** The owner's status answer. */
export function statusView(agent: AgentRecord) {
  return {
    agentId: agent.agentId,
    taskId: agent.taskId,
    status: agent.state,
    spawnedAt: agent.spawnedAt,
    ...present({ startedAt: agent.startedAt, completedAt: agent.completedAt, error: agent.error }),
  };
}

/** Everything that is known about an agent. */
export function agentView(agent: AgentRecord, task: TaskRecord, totals: UsageTotals | undefined): AgentView {
  return {
    ...statusView(agent),
    agentType: task.agentType,
    gateProfile: task.gateProfile,
    repository: task.repository,
    baseBranch: task.branch,
    workItems: [...task.workItems],
    priority: task.priority,
    attempt: agent.attempt,
    model: agent.model,
    runtime: task.runtime,
    yolo: agent.yolo,
    usage: usageView(totals),
    ...present({
      retryOf: agent.retryOf,
      retriedBy: agent.retriedBy,
      reason: agent.reason,
      details: agent.details,
      step: agent.step,
      sandbox: agent.sandbox,
      branch: agent.branch,
      baseCommit: agent.baseCommit,
      snapshotCommit: agent.snapshotCommit,
      pushedCommit: agent.pushedCommit,
      killRequestedAt: agent.killRequestedAt,
    }),
  };
}

function usageView(totals: UsageTotals | undefined): Usage {
  const { inputTokens, outputTokens, cacheWrite5mTokens, cacheWrite1hTokens, cacheReadTokens } =
    totals ?? NO_USAGE;
  return {
    inputTokens,
    outputTokens,
    cacheWrite5mTokens,
    cacheWrite1hTokens,
    cacheReadTokens,
    requests: totals?.requests ?? 0,
    costUsd: totals?.costUsd ?? 0,
  };
}

/** An event as the wire has it. */
export function eventView(event: StoredEvent) {
  const { id, type, time, subject, taskId, data } = event;
  return { id, type, time, subject, ...(taskId === undefined ? {} : { taskId }), data: data as Json };
}
