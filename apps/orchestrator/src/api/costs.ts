import type { Budget, CostGrouping, orchestratorRoutes } from "@mosaic/contracts";
import type { Handlers } from "@mosaic/http";
import type { Balance, BudgetScope, BudgetSubject } from "@mosaic/store";
import type { Services } from "../services.ts";

type CostRoutes = Pick<typeof orchestratorRoutes, "getCosts">;

/** What was spent, what is held, and what the limits leave. */
export function costHandlers(services: Services): Handlers<CostRoutes> {
  const { usage, now } = services;
  return {
    async getCosts({ query }) {
      const { by, since = null, limit } = query;
      const sums = await usage.sums({ by, since, limit });
      const keys = sums.items.map(({ subject }) => subject);
      const subjects: BudgetSubject[] = [
        { scope: "instance", subject: "" },
        { scope: "day", subject: now().toISOString().slice(0, 10) },
        ...keys.map((subject) => ({ scope: by, subject })),
      ];
      const limits = await limitsOf(services, by, keys);
      const [instance, today, ...balances] = await usage.balances(subjects);
      return {
        by,
        since,
        items: sums.items.map(({ subject, ...totals }, index) => ({
          key: subject,
          ...totals,
          budget: budgetOf(balances[index], limits[index]),
        })),
        total: sums.total,
        instance: budgetOf(instance, services.settings.budgets.instance),
        today: budgetOf(today, services.settings.budgets.day),
      };
    },
  };
}

/** A task may have a limit of its own, below the instance's. */
async function limitsOf(
  { settings, state }: Services,
  by: CostGrouping,
  keys: readonly string[],
): Promise<readonly (number | undefined)[]> {
  const limit = settings.budgets[by satisfies BudgetScope];
  if (by !== "task") return keys.map(() => limit);
  const tasks = await Promise.all(keys.map((taskId) => state.getTask(taskId)));
  return tasks.map((task) => {
    const own = task?.options.budgetUsd;
    return own === undefined || limit === undefined ? (own ?? limit) : Math.min(own, limit);
  });
}

function budgetOf(balance: Balance | undefined, limitUsd: number | undefined): Budget {
  const { spentUsd, reservedUsd } = balance ?? { spentUsd: 0, reservedUsd: 0 };
  return {
    spentUsd,
    reservedUsd,
    limitUsd: limitUsd ?? null,
    // A single answer may turn out dearer than what was held for it.
    remainingUsd: limitUsd === undefined ? null : Math.max(0, limitUsd - spentUsd - reservedUsd),
  };
}
