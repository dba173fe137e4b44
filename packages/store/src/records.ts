import type { Json, SpawnOptions } from "@mosaic/contracts";
import type { AgentState, AgentType, FailureReason, Gate, GateProfile, TaskState } from "@mosaic/domain";

/** A task as it was admitted. Its request never changes; `state`, `agentId`, `attempt` and `updatedAt` do. */
export interface TaskRecord {
  readonly taskId: string;
  readonly state: TaskState;
  /** Hash of the request, to tell a repetition from a conflict. */
  readonly fingerprint: string;
  readonly agentType: AgentType;
  readonly gateProfile: GateProfile;
  readonly gates: readonly Gate[];
  readonly repository: string;
  readonly branch: string;
  readonly workItems: readonly string[];
  readonly skills: readonly string[];
  readonly options: SpawnOptions;
  /** Name of what runs its agents; resolved when it was admitted. */
  readonly runtime: string;
  /** 1 to 10, higher is sooner. */
  readonly priority: number;
  readonly maxRetries: number;
  /** The agent of the current attempt. */
  readonly agentId: string;
  readonly attempt: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** One attempt at a task. A terminal `state` is final. */
export interface AgentRecord {
  readonly agentId: string;
  readonly taskId: string;
  readonly state: AgentState;
  readonly attempt: number;
  readonly spawnedAt: string;
  readonly updatedAt: string;
  readonly model: string;
  readonly yolo: boolean;
  readonly retryOf: string | null;
  readonly retriedBy: string | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly error: string | null;
  readonly reason: FailureReason | null;
  readonly details: Json | null;
  readonly step: string | null;
  readonly sandbox: string | null;
  readonly branch: string | null;
  readonly baseCommit: string | null;
  readonly snapshotCommit: string | null;
  readonly pushedCommit: string | null;
  readonly killRequestedAt: string | null;
  /** Which orchestrator process runs it. */
  readonly owner: string | null;
}

/** What may change on an agent beside its state. */
export type AgentPatch = Partial<
  Pick<
    AgentRecord,
    | "retriedBy"
    | "yolo"
    | "startedAt"
    | "completedAt"
    | "error"
    | "reason"
    | "details"
    | "step"
    | "sandbox"
    | "branch"
    | "baseCommit"
    | "snapshotCommit"
    | "pushedCommit"
    | "killRequestedAt"
    | "owner"
  >
>;

/** A new agent has only what its admission knows. */
export type NewAgent = Pick<
  AgentRecord,
  "agentId" | "taskId" | "attempt" | "spawnedAt" | "model" | "yolo" | "retryOf"
>;

/** A new task, before its first agent is known to the store. */
export type NewTask = Omit<TaskRecord, "state" | "attempt" | "updatedAt">;
