import type { TaskQueue } from "../task-queue.ts";
import type { Listeners } from "./listeners.ts";
import type { EngineThread } from "./thread.ts";

const same = <T>(value: T): T => value;

export interface TaskQueueParts {
  readonly engine: EngineThread;
  readonly listeners: Listeners<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Collects over a group of commits that an entry may have become claimable, to say it once. */
export function createAvailability(listeners: Listeners<void>) {
  let changed = false;
  return {
    stage(): void {
      changed = true;
    },
    flush(): void {
      if (!changed) return;
      changed = false;
      listeners.call();
    },
  };
}

/** The queue on the engine's thread. */
export function createTaskQueue(
  { engine, listeners, now }: TaskQueueParts,
  availability: ReturnType<typeof createAvailability>,
): TaskQueue {
  /** Whatever ends a lease or adds an entry may let someone claim: an entry, or a place under a limit. */
  const announce = <T>(value: T): T => {
    availability.stage();
    return value;
  };
  const paused = (value: boolean) => engine.call("setPaused", [value], value ? same : announce);

  return {
    enqueue: (entry) => engine.call("enqueue", [entry], announce),
    missing: (taskIds) => engine.call("missingEntries", [taskIds], same),
    claim: (request) => engine.call("claim", [request, now()], same),
    heartbeat: (lease, leaseMs) => engine.call("heartbeat", [lease, now() + leaseMs], same),
    complete: (lease) => engine.call("complete", [lease], announce),
    fail: (lease, retryAt) => engine.call("fail", [lease, retryAt ?? null], announce),
    remove: (taskId) => engine.call("removeEntry", [taskId], announce),
    release: (workerId) => engine.call("releaseWorker", [workerId], announce),
    pause: () => paused(true),
    resume: () => paused(false),
    counts: () => engine.call("queueCounts", [now()], same),
    nextDueAt: () => engine.call("nextDueAt", [], same),
    onAvailable: (listener) => listeners.add(listener),
  };
}
