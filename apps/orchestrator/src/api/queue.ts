import type { NewEvent, orchestratorRoutes } from "@mosaic/contracts";
import type { Handlers } from "@mosaic/http";
import { Mutex } from "async-mutex";
import type { Services } from "../services.ts";

type QueueRoutes = Pick<typeof orchestratorRoutes, "queueStats" | "pauseQueue" | "resumeQueue">;

/** Handlers of the queue's routes. Pausing stops claims, not agents; kills work all the same. */
export function queueHandlers(services: Services): Handlers<QueueRoutes> {
  const { queue, state, audit, settings } = services;
  // Two callers at once: the second one finds what the first did, and changes nothing.
  const switching = new Mutex();
  const tell = async (action: "queue.paused" | "queue.resumed", by: string): Promise<void> => {
    const at = services.now().toISOString();
    const event: NewEvent = { type: action, time: at, subject: "queue", data: { by } };
    await state.append([event]);
    await audit.append({ at, actor: by, action, subject: "queue", reason: "", data: {} });
  };
  const set = (paused: boolean, by: string): Promise<{ paused: boolean; changed: boolean }> =>
    switching.runExclusive(async () => {
      const changed = (await queue.counts()).paused !== paused;
      if (changed) {
        await (paused ? queue.pause() : queue.resume());
        await tell(paused ? "queue.paused" : "queue.resumed", by);
      }
      return { paused, changed };
    });
  return {
    async queueStats() {
      const counts = await queue.counts();
      return {
        ...counts,
        maxConcurrentAgents: settings.maxConcurrentAgents,
        queueConcurrency: settings.queueConcurrency,
        maxPending: settings.queueMaxPending,
      };
    },
    pauseQueue: (_, { caller }) => set(true, caller.name),
    resumeQueue: (_, { caller }) => set(false, caller.name),
  };
}
