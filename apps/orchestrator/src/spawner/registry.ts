import type { EgressDoor } from "../egress/port.ts";
import type { AgentDoor } from "../gateway/port.ts";
import type { Workspace } from "../git/port.ts";
import type { HeldLease } from "../queue/held-lease.ts";
import type { Session } from "../runtimes/port.ts";
import type { WorkSoFar } from "./overlap.ts";

/** Why a running attempt is told to stop. */
export type StopCause =
  | "killed"
  | "shutdown"
  | "lease_lost"
  | "timeout"
  | "cancelled"
  | "stuck"
  | "disk_limit";

/** What a stop says beside its cause. */
export interface StopDetails {
  /** One sentence for people. */
  readonly message?: string;
  /** Milliseconds the agent gets to end its turn, instead of the runtime's own grace. */
  readonly graceMs?: number;
}

/** What an attempt holds while it runs, so that a kill can reach all of it without asking the attempt. */
export interface Execution {
  readonly agentId: string;
  readonly taskId: string;
  /** Aborted with a {@link StopSignal} as its reason. */
  readonly stop: AbortController;
  workspace: Workspace | null;
  door: AgentDoor | null;
  egress: EgressDoor | null;
  session: Session | null;
  /** The claim it works under, once there is one. */
  lease: HeldLease | null;
  /** Set as soon as a kill begins: from then on the attempt writes no state and pushes nothing. */
  killed: boolean;
  /** Set just before git is asked to push: a kill that comes later says so in its receipt. */
  pushing: boolean;
  /** Set when it begins to clean up after itself: a kill that comes later leaves that, and the telling of it, to it. */
  cleaning: boolean;
  /** What it has changed so far, and of what overlaps with others people were told. */
  work: WorkSoFar | null;
  readonly overlaps: Set<string>;
  /** Settles when the attempt has stopped, whatever came of it. */
  readonly settled: Promise<void>;
}

/** The reason an attempt's signal carries. */
export class StopSignal extends Error {
  readonly stopCause: StopCause;
  readonly graceMs: number | undefined;

  constructor(stopCause: StopCause, details: StopDetails = {}) {
    super(details.message ?? `the attempt was stopped: ${stopCause}`);
    this.name = "StopSignal";
    this.stopCause = stopCause;
    this.graceMs = details.graceMs;
  }
}

/** The attempts this process runs. */
export interface ExecutionRegistry {
  add(agentId: string, taskId: string): { readonly execution: Execution; readonly done: () => void };
  get(agentId: string): Execution | undefined;
  all(): readonly Execution[];
}

export function createExecutionRegistry(): ExecutionRegistry {
  const executions = new Map<string, Execution>();
  return {
    add(agentId, taskId) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const execution: Execution = {
        agentId,
        taskId,
        stop: new AbortController(),
        workspace: null,
        door: null,
        egress: null,
        session: null,
        lease: null,
        killed: false,
        pushing: false,
        cleaning: false,
        work: null,
        overlaps: new Set(),
        settled: promise,
      };
      executions.set(agentId, execution);
      const done = (): void => {
        executions.delete(agentId);
        resolve();
      };
      return { execution, done };
    },
    get: (agentId) => executions.get(agentId),
    all: () => [...executions.values()],
  };
}
