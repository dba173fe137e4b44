import type { AgentView, EventData, EventType, StoredEvent } from "@mosaic/contracts";

export const AGENT = "3f2a0c1e-0000-4000-8000-000000000001";
export const NEXT_AGENT = "77777777-0000-4000-8000-000000000002";
export const COMMIT = "1a2b3c4d".repeat(5);
const AT = "2026-11-20T10:00:00.000Z";

/** An agent as the API shows it. */
export function agentView(changes: Partial<AgentView> = {}): AgentView {
  return {
    agentId: AGENT,
    taskId: "fix-test",
    status: "running",
    spawnedAt: AT,
    startedAt: AT,
    agentType: "worker",
    gateProfile: "standard",
    repository: "/srv/app",
    baseBranch: "main",
    workItems: ["Fix the failing test"],
    priority: 5,
    attempt: 1,
    model: "claude-x",
    runtime: "sdk-worker",
    sandbox: "bubblewrap",
    yolo: false,
    usage: {
      inputTokens: 1204,
      outputTokens: 380,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      cacheReadTokens: 0,
      requests: 7,
      costUsd: 0.0123,
    },
    ...changes,
  };
}

/** A stored event. */
export function event<T extends EventType>(
  id: number,
  type: T,
  data: EventData<T>,
  subject = AGENT,
): StoredEvent {
  return { id, type, time: AT, subject, taskId: "fix-test", data } as StoredEvent;
}
