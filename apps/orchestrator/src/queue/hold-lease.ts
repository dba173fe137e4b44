import type { Lease } from "@mosaic/store";
import type { Services } from "../services.ts";
import type { HeldLease } from "./held-lease.ts";

/** Beats three times in a lease, and says when the lease is lost: then another worker owns the task. */
export function holdLease(
  services: Pick<Services, "queue" | "log" | "settings">,
  lease: Lease,
  onLost: () => void,
): HeldLease {
  const { leaseMs } = services.settings;
  let current = lease;
  let stopped = false;
  let timer: NodeJS.Timeout;

  const beat = async (): Promise<void> => {
    const sent = current;
    try {
      const renewed = await services.queue.heartbeat(sent, leaseMs);
      if (stopped) return;
      // A newer claim may have been adopted while the answer was on its way; then it says nothing.
      if (current === sent && renewed === null) return onLost();
      if (current === sent && renewed !== null) current = renewed;
    } catch (error) {
      // The store may be busy for a moment; a lease that runs out in the meantime is reported by the next beat.
      services.log.warn({ taskId: lease.taskId, err: error }, "a heartbeat failed");
    }
    schedule();
  };
  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void beat(), leaseMs / 3);
    timer.unref();
  };
  schedule();

  return {
    get lease() {
      return current;
    },
    adopt(newer) {
      if (!stopped) current = newer;
      return !stopped;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
