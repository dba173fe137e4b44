import type { NewEvent, orchestratorRoutes } from "@mosaic/contracts";
import type { Handlers } from "@mosaic/http";
import type { Services } from "../services.ts";

type QueueRoutes = Pick<typeof orchestratorRoutes, "queueStats" | "pauseQueue" | "resumeQueue">;

/** Handlers of the queue's routes. Pausing stops claims, not agents; kills work all the same. */
export function queueHandlers(services: Services): Handlers<QueueRoutes> {
  const { queue, state, audit, settings } = services;
  const tell = async (action: "queue.paused" | "queue.resumed", by: string): Promise<void> => {
    const at = services.now().toISOString();
    const event: NewEvent = { type: action, time: at, subject: "queue", data: { by } };
    await state.append([event]);
    await audit.append({ at, actor: by, action, subject: "queue", reason: "", data: {} });
  };
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
    async pauseQueue(_, { caller }) {
      await queue.pause();
      await tell("queue.paused", caller.name);
      return { paused: true };
    },
    async resumeQueue(_, { caller }) {
      await queue.resume();
      await tell("queue.resumed", caller.name);
      return { paused: false };
    },
  };
}
