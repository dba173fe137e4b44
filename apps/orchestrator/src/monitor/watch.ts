import { createForgottenSearch } from "../queue/enqueue-forgotten.ts";
import type { Services } from "../services.ts";
import { watchBudgets } from "./watch-budgets.ts";

/** Events are pruned this often. */
const PRUNE_MS = 60_000;
/** Tasks that were admitted and not queued are looked for this often. */
const FORGOTTEN_MS = 15_000;

/** Keeps the log bounded, the gauges true and every task queued. Returns the way to stop. */
export function watch(services: Services): () => void {
  const { state, queue, metrics, settings, log, registry } = services;
  const stopBudgets = watchBudgets(services);
  const stopScrape = metrics.onScrape(async () => {
    const counts = await queue.counts();
    for (const name of ["pending", "delayed", "active", "completed", "failed"] as const) {
      metrics.queueDepth.set({ state: name }, counts[name]);
    }
    const agents = registry.all();
    metrics.agents.set({ state: "running" }, agents.filter((agent) => agent.session !== null).length);
    metrics.agents.set({ state: "spawning" }, agents.filter((agent) => agent.session === null).length);
  });
  const timer = setInterval(() => {
    void state.pruneEvents(settings.eventsKeep).then(
      (gone) => gone > 0 && log.info({ gone }, "old events were dropped"),
      (error: unknown) => log.error({ err: error }, "old events could not be dropped"),
    );
  }, PRUNE_MS);
  timer.unref();
  const enqueueForgotten = createForgottenSearch(services);
  const looking = setInterval(() => {
    void enqueueForgotten().then(
      (found) => found > 0 && log.warn({ found }, "tasks that were admitted and not queued are queued now"),
      (error: unknown) => log.warn({ err: error }, "tasks without an entry could not be looked for"),
    );
  }, FORGOTTEN_MS);
  looking.unref();
  return () => {
    stopBudgets();
    stopScrape();
    clearInterval(timer);
    clearInterval(looking);
  };
}
