import { isAway, type Lease } from "@mosaic/store";
import { setTimeout as pause } from "node:timers/promises";
import type { Services } from "../services.ts";
import type { HeldLease } from "./held-lease.ts";

/** Between two tries to ask a store that is away, in milliseconds. */
const LONGEST_PAUSE_MS = 500;

/**
 * Beats three times in a lease, and says when the lease is lost: then another worker owns the task. Where others could
 * take the task over, a store that cannot be asked for longer than the patience is as good as that: nobody could tell this
 * process to stop.
 */
export function holdLease(
  services: Pick<Services, "queue" | "log" | "settings">,
  lease: Lease,
  onLost: () => void,
): HeldLease {
  const { leaseMs, storePatienceMs } = services.settings;
  const beatMs = leaseMs / 3;
  let current = lease;
  // Not the wall clock, which may be set: this one only goes on, also while the process is stopped.
  let confirmedAt = performance.now();
  let stopped = false;
  let timer: NodeJS.Timeout;

  const beat = async (): Promise<boolean> => {
    const sent = current;
    const askedAt = performance.now();
    const renewed = await services.queue.heartbeat(sent, leaseMs);
    // A newer claim may have been adopted while the answer was on its way; then it says nothing.
    if (current !== sent) return true;
    if (renewed === null) return false;
    current = renewed;
    confirmedAt = askedAt;
    return true;
  };
  const lose = (): void => {
    if (stopped) return;
    stop();
    onLost();
  };
  const tick = async (): Promise<void> => {
    try {
      if (!(await beat())) return lose();
    } catch (error) {
      services.log.warn({ taskId: lease.taskId, err: error }, "a heartbeat failed");
      if (storePatienceMs !== null && performance.now() - confirmedAt > leaseMs + storePatienceMs)
        return lose();
    }
    schedule();
  };
  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void tick(), beatMs);
    timer.unref();
  };
  const stop = (): void => {
    stopped = true;
    clearTimeout(timer);
  };
  schedule();

  return {
    get lease() {
      return current;
    },
    adopt(newer) {
      if (!stopped) {
        current = newer;
        confirmedAt = performance.now();
      }
      return !stopped;
    },
    async confirm() {
      for (;;) {
        if (stopped) return false;
        if (performance.now() - confirmedAt <= beatMs * 1.5) return true;
        try {
          const held = await beat();
          if (!held) lose();
          return held;
        } catch (error) {
          // Work that is done is not given up because the store is away for a moment.
          if (!isAway(error) || storePatienceMs === null) throw error;
          if (performance.now() - confirmedAt > leaseMs + storePatienceMs) throw error;
        }
        await pause(Math.min(beatMs, LONGEST_PAUSE_MS));
      }
    },
    stop,
  };
}
