import type { Services } from "../services.ts";

/** Keeps the gauges of budgets and of the line to the model true. Returns the way to stop. */
export function watchBudgets(services: Services): () => void {
  const { usage, metrics, gateway, settings, now } = services;
  const { instance, day } = settings.budgets;
  return metrics.onScrape(async () => {
    const today = now().toISOString().slice(0, 10);
    const limited = [
      { scope: "instance", subject: "", limitUsd: instance },
      { scope: "day", subject: today, limitUsd: day },
    ] as const;
    const balances = await usage.balances(limited);
    for (const [index, { scope, limitUsd }] of limited.entries()) {
      const balance = balances[index];
      if (limitUsd === undefined || balance === undefined) continue;
      const left = Math.max(0, limitUsd - balance.spentUsd - balance.reservedUsd);
      metrics.budgetRemaining.set({ scope }, left / limitUsd);
    }
    const { waiting, active, paused } = gateway.traffic();
    metrics.modelRequests.set({ state: "waiting" }, waiting);
    metrics.modelRequests.set({ state: "active" }, active);
    metrics.modelPaused.set(paused === null ? 0 : paused.ms / 1000);
  });
}
