import type { EventType, NewEvent, StoredEvent } from "@mosaic/contracts";
import type { AgentState, AgentType, TaskState } from "@mosaic/domain";
import type { AgentPatch, AgentRecord, NewAgent, NewTask, TaskRecord } from "./records.ts";
import type { Fence } from "./task-queue.ts";

export interface Admission {
  readonly task: NewTask;
  readonly agent: NewAgent;
  /** Refused as `full` when this many tasks are `pending`. */
  readonly maxPending: number;
}

export type AdmissionOutcome =
  | { readonly kind: "admitted"; readonly agent: AgentRecord }
  /** The same task id with the same fingerprint: the agent of its current attempt. */
  | { readonly kind: "existing"; readonly agent: AgentRecord }
  | { readonly kind: "conflict" }
  | { readonly kind: "full"; readonly pending: number };

export interface AgentMove {
  readonly agentId: string;
  readonly to: AgentState;
  readonly patch?: AgentPatch;
}

export interface TaskMove {
  readonly taskId: string;
  readonly to: TaskState;
}

/** A change of state. Everything in it happens in one atomic step, or nothing does. */
export interface Change {
  readonly at: string;
  readonly agent?: AgentMove;
  readonly task?: TaskMove;
  /** A retry: this agent is created `spawning`, and linked with the one it follows, and the task points to it. */
  readonly successor?: NewAgent;
  /**
   * At least the `agent.<state>` and `task.<state>` events of the moves, each once: the store refuses a move without
   * its event and a state event without its move. A successor's `agent.spawning` is added by the store.
   */
  readonly events: readonly NewEvent[];
}

export interface Applied {
  readonly agent?: AgentRecord;
  readonly task?: TaskRecord;
  readonly events: readonly StoredEvent[];
}

export interface AgentFilter {
  readonly states?: readonly AgentState[];
  readonly taskId?: string;
  readonly agentType?: AgentType;
  readonly repository?: string;
  readonly limit: number;
  /** Opaque; from a former page. */
  readonly cursor?: string;
}

export interface AgentPage {
  /** Newest first. */
  readonly items: readonly { readonly agent: AgentRecord; readonly task: TaskRecord }[];
  readonly nextCursor: string | null;
}

/** A part of a list of tasks: the oldest `limit` of those that come after one. */
export interface TaskSlice {
  readonly limit: number;
  readonly after?: Pick<TaskRecord, "createdAt" | "taskId"> | undefined;
}

export interface EventFilter {
  /** Only events with a greater id. */
  readonly after: number;
  readonly limit: number;
  readonly subject?: string;
  /** Leave out `transcript.*`. */
  readonly lifecycleOnly?: boolean;
  readonly types?: readonly EventType[];
}

/**
 * Durable state of tasks and agents, and the log of what happened to them. Every engine passes the suite in
 * `@mosaic/testing`. Errors: `IllegalTransitionError` (domain) when a move is not in the table, {@link NotFoundError}
 * for an unknown id, `InvalidChangeError` for a change that contradicts itself or events that do not fit their schema,
 * `InvalidCursorError`, `CorruptRecordError`, `StoreUnavailableError`; with a fence `LeaseLostError`, when the lease is not
 * the newest of its task any more. None of them leaves anything behind.
 */
export interface StateStore {
  /** Creates task and first agent with their `agent.spawning` and `task.pending` events, or says why not. */
  admit(admission: Admission): Promise<AdmissionOutcome>;
  transition(change: Change, fence?: Fence): Promise<Applied>;
  /** Changes facts that are not states, with the events that tell of it, in one step. */
  patchAgent(
    agentId: string,
    patch: AgentPatch,
    at: string,
    events: readonly NewEvent[],
    fence?: Fence,
  ): Promise<AgentRecord>;
  getAgent(agentId: string): Promise<AgentRecord | null>;
  /** In the order of the ids; those that are not there are left out. */
  getAgents(agentIds: readonly string[]): Promise<readonly AgentRecord[]>;
  getTask(taskId: string): Promise<TaskRecord | null>;
  listAgents(filter: AgentFilter): Promise<AgentPage>;
  /** Ids that start with `prefix`, at most `limit`. */
  findAgents(prefix: string, limit: number): Promise<readonly string[]>;
  /** Tasks in `states`, oldest first: all of them, or a slice, which is shorter than its limit only at the end. */
  listTasks(states: readonly TaskState[], slice?: TaskSlice): Promise<readonly TaskRecord[]>;
  /** Facts on the way; events of states are refused here and in `patchAgent`: they belong to a transition. */
  append(events: readonly NewEvent[], fence?: Fence): Promise<readonly StoredEvent[]>;
  eventsAfter(filter: EventFilter): Promise<readonly StoredEvent[]>;
  /** Ids of the oldest and the newest event kept; zeros when there is none. */
  eventRange(): Promise<{ readonly oldest: number; readonly newest: number }>;
  /** Called after a commit with what it wrote, in order. Returns the way to stop. */
  subscribe(listener: (events: readonly StoredEvent[]) => void): () => void;
  /** Keeps the newest `keep` events; returns how many went. */
  pruneEvents(keep: number): Promise<number>;
}

/** An id the store does not hold. */
export class NotFoundError extends Error {
  readonly subject: "agent" | "task";
  readonly id: string;

  constructor(subject: "agent" | "task", id: string) {
    super(`there is no ${subject} ${id}`);
    this.name = "NotFoundError";
    this.subject = subject;
    this.id = id;
  }
}
