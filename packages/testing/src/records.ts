import type { EventData, NewEvent } from "@mosaic/contracts";
import type { AgentState, AgentType, TaskState } from "@mosaic/domain";
import type { Admission, AgentPatch, Change, NewAgent } from "@mosaic/store";

/** A commit id, for events that name one. */
export const COMMIT = "a".repeat(40);

let made = 0;

/** An agent id that no other call in this process gives, in the form the contracts ask for. */
export function nextAgentId(): string {
  made += 1;
  return `00000000-0000-4000-8000-${String(made).padStart(12, "0")}`;
}

export interface AdmissionChoices {
  readonly taskId?: string;
  readonly agentId?: string;
  readonly fingerprint?: string;
  readonly agentType?: AgentType;
  readonly repository?: string;
  readonly maxPending?: number;
  readonly runtime?: string;
  readonly at?: string;
}

/** A valid admission; what is not chosen is new. */
export function admission(choices: AdmissionChoices = {}): Admission {
  const agentId = choices.agentId ?? nextAgentId();
  const taskId = choices.taskId ?? `task-${agentId.slice(-6)}`;
  const at = choices.at ?? "2026-01-01T00:00:00.000Z";
  return {
    task: {
      taskId,
      fingerprint: choices.fingerprint ?? "f1",
      agentType: choices.agentType ?? "worker",
      gateProfile: "standard",
      gates: ["typecheck", "tests"],
      repository: choices.repository ?? "https://git.example/repo",
      branch: "main",
      workItems: ["Fix the failing test", 'Quotes " and \u{1F642} survive'],
      skills: ["testing"],
      options: { timeout: 60, priority: 5 },
      runtime: choices.runtime ?? "sdk-worker",
      priority: 5,
      maxRetries: 2,
      agentId,
      createdAt: at,
    },
    agent: { agentId, taskId, attempt: 1, spawnedAt: at, model: "model-1", yolo: false, retryOf: null },
    maxPending: choices.maxPending ?? 1000,
  };
}

export interface Subject {
  readonly agentId: string;
  readonly taskId: string;
}

const END = { branch: "mosaic/task", commit: COMMIT };
const FAILURE = { reason: "runtime", error: "the worker ended" } as const;
const STATE_DATA = {
  "agent.spawning": { attempt: 1 },
  "agent.running": { sandbox: "bubblewrap", model: "model-1" },
  "agent.completed": END,
  "agent.failed": FAILURE,
  "agent.killed": { by: "test", why: "asked to", residual: [] },
  "task.pending": {},
  "task.assigned": {},
  "task.executing": {},
  "task.completed": END,
  "task.failed": FAILURE,
} as const satisfies { [T in `agent.${AgentState}` | `task.${TaskState}`]: EventData<T> };

/** The event of a state, with data that fits. */
export function stateEvent(type: keyof typeof STATE_DATA, subject: Subject, time: string): NewEvent {
  return {
    type,
    time,
    subject: subject.agentId,
    taskId: subject.taskId,
    data: STATE_DATA[type],
  } as NewEvent;
}

export interface MoveChoices {
  readonly agent?: AgentState;
  readonly task?: TaskState;
  readonly patch?: AgentPatch;
  readonly successor?: NewAgent;
  readonly at?: string;
}

/** A change of an agent, its task, or both, with the events it needs. */
export function move(subject: Subject, choices: MoveChoices): Change {
  const { agent, task, patch, successor, at = "2026-01-01T00:01:00.000Z" } = choices;
  const { agentId, taskId } = subject;
  return {
    at,
    ...(agent && { agent: { agentId, to: agent, ...(patch && { patch }) } }),
    ...(task && { task: { taskId, to: task } }),
    ...(successor && { successor }),
    events: [
      ...(agent ? [stateEvent(`agent.${agent}`, subject, at)] : []),
      ...(task ? [stateEvent(`task.${task}`, subject, at)] : []),
    ],
  };
}

/** The agent of the attempt after `subject`'s. */
export function successorOf(subject: Subject, attempt = 2): NewAgent {
  return {
    agentId: nextAgentId(),
    taskId: subject.taskId,
    attempt,
    spawnedAt: "2026-01-01T00:02:00.000Z",
    model: "model-1",
    yolo: false,
    retryOf: subject.agentId,
  };
}

/** A fact on the way: an event that is not a state. */
export function notice(subject: Subject, text: string): NewEvent {
  return {
    type: "transcript.notice",
    time: "2026-01-01T00:00:30.000Z",
    subject: subject.agentId,
    taskId: subject.taskId,
    data: { text },
  };
}
