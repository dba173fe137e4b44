import type { AgentDoor } from "../gateway/port.ts";
import type { Workspace } from "../git/port.ts";
import type { Session } from "../runtimes/port.ts";

/** Why a running attempt is told to stop. */
export type StopCause = "killed" | "shutdown" | "lease_lost" | "timeout";

/** What an attempt holds while it runs, so that a kill can reach all of it without asking the attempt. */
export interface Execution {
  readonly agentId: string;
  readonly taskId: string;
  /** Aborted with a {@link StopSignal} as its reason. */
  readonly stop: AbortController;
  workspace: Workspace | null;
  door: AgentDoor | null;
  session: Session | null;
  /** Set as soon as a kill begins: from then on the attempt writes no state and pushes nothing. */
  killed: boolean;
  /** Set just before git is asked to push: a kill that comes later says so in its receipt. */
  pushing: boolean;
  /** Settles when the attempt has stopped, whatever came of it. */
  readonly settled: Promise<void>;
}

/** The reason an attempt's signal carries. */
export class StopSignal extends Error {
  readonly stopCause: StopCause;

  constructor(stopCause: StopCause) {
    super(`the attempt was stopped: ${stopCause}`);
    this.name = "StopSignal";
    this.stopCause = stopCause;
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
        session: null,
        killed: false,
        pushing: false,
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
