import { refusedForks } from "./refused-forks.ts";
import { exactMemoryOf, processesIn, usageOf } from "./usage.ts";

/** Between two looks, in milliseconds: a process can take a few hundred megabytes in that time. */
const INTERVAL_MS = 200;

export type Excess = "memory" | "processes";

/** A sandbox to look after. Limits that the kernel keeps are not given. */
export interface Watched {
  /** Process 1, as the host numbers it. */
  readonly init: number;
  readonly memoryBytes?: number;
  readonly processes?: number;
  /** Where the kernel counts the processes that it refuses (`pids.events`): it keeps the limit, and its cost is looked after. */
  readonly refusals?: string | null;
  /** Called once, when a limit was passed. */
  readonly onExcess: (limit: Excess) => void;
}

/** Looks after the limits that the kernel does not keep here, or not well. One interval for all sandboxes. */
export interface Watcher {
  /** @returns what ends the watching of this one */
  watch(watched: Watched): () => void;
}

/** The process may end while something is watched: what is watched dies with it. */
export function createWatcher(intervalMs = INTERVAL_MS): Watcher {
  const all = new Map<Watched, () => boolean>();
  let timer: NodeJS.Timeout | null = null;

  const stop = (watched: Watched) => {
    all.delete(watched);
    if (all.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
  const look = () => {
    for (const [watched, isStorm] of all) {
      const excess = isStorm() ? "processes" : excessOf(watched);
      if (excess === null) continue;
      stop(watched);
      watched.onExcess(excess);
    }
  };
  return {
    watch(watched) {
      all.set(watched, refusedForks(watched.refusals ?? ""));
      timer ??= setInterval(look, intervalMs).unref();
      return () => {
        stop(watched);
      };
    },
  };
}

function excessOf({ init, memoryBytes = Infinity, processes = Infinity }: Watched): Excess | null {
  if (memoryBytes === Infinity && processes === Infinity) return null;
  const found = processesIn(init);
  // So many need not be looked at one by one, which takes the longer the more urgent it is.
  if (found.length > processes) return "processes";
  const usage = usageOf(init, found);
  if (usage.processes > processes) return "processes";
  if (usage.memoryBytes > memoryBytes && exactMemoryOf(init, found) > memoryBytes) return "memory";
  return null;
}
