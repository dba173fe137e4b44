import type { AgentRecord, NewAgent, NewTask, TaskRecord } from "./records.ts";

/** The record of an agent that was just created. */
export function freshAgent(agent: NewAgent): AgentRecord {
  return {
    agentId: agent.agentId,
    taskId: agent.taskId,
    state: "spawning",
    attempt: agent.attempt,
    spawnedAt: agent.spawnedAt,
    updatedAt: agent.spawnedAt,
    model: agent.model,
    yolo: agent.yolo,
    retryOf: agent.retryOf,
    retriedBy: null,
    startedAt: null,
    completedAt: null,
    error: null,
    reason: null,
    details: null,
    step: null,
    sandbox: null,
    branch: null,
    baseCommit: null,
    snapshotCommit: null,
    pushedCommit: null,
    killRequestedAt: null,
    owner: null,
  };
}

/** The record of a task that was just admitted with its first agent. */
export function freshTask(task: NewTask): TaskRecord {
  return { ...task, state: "pending", attempt: 1, updatedAt: task.createdAt };
}
