import { ProblemError, type SpawnOptions } from "@mosaic/contracts";
import { priceOf } from "@mosaic/domain";
import type { BudgetScope } from "@mosaic/store";
import type { Services } from "../services.ts";

interface Wish {
  readonly repository: string;
  readonly options: SpawnOptions;
  readonly model: string;
}

const NANO = 1e-9;

/**
 * Refuses a task whose first request would be refused anyway, before anything is written: budgets are admission. Only
 * what is spent counts, not what is held, since that may come back.
 * @throws ProblemError budget_exhausted; invalid_request for a budget above the instance's
 */
export async function checkBudget(services: Services, wish: Wish): Promise<void> {
  const { settings, usage, now } = services;
  const { budgets, prices, maxOutputTokens } = settings;
  const own = wish.options.budgetUsd;
  if (own !== undefined && budgets.task !== undefined && own > budgets.task) {
    throw new ProblemError(
      "invalid_request",
      `options.budgetUsd may be at most ${budgets.task}, this instance's limit for a task (MOSAIC_BUDGET_TASK_USD)`,
    );
  }
  // Agents ask for as many tokens as they may; that much is held before the first word.
  const leastUsd = (maxOutputTokens * priceOf(wish.model, prices).output) / 1_000_000;
  const subjects: { scope: BudgetScope; subject: string; limitUsd: number | undefined }[] = [
    { scope: "agent", subject: "", limitUsd: budgets.agent },
    { scope: "task", subject: "", limitUsd: own ?? budgets.task },
    { scope: "repository", subject: wish.repository, limitUsd: budgets.repository },
    { scope: "instance", subject: "", limitUsd: budgets.instance },
    { scope: "day", subject: now().toISOString().slice(0, 10), limitUsd: budgets.day },
  ];
  const limited = subjects.filter(({ limitUsd }) => limitUsd !== undefined);
  const balances = await usage.balances(limited);
  for (const [index, { scope, limitUsd = 0 }] of limited.entries()) {
    const { spentUsd = 0 } = balances[index] ?? {};
    if (spentUsd + leastUsd <= limitUsd + NANO) continue;
    throw new ProblemError(
      "budget_exhausted",
      `the ${scope} budget is $${limitUsd}, $${spentUsd.toFixed(4)} of it is spent, and one request may cost ` +
        `$${leastUsd.toFixed(4)} in answers alone (MOSAIC_MAX_OUTPUT_TOKENS is ${maxOutputTokens}); ` +
        `raise ${scope === "task" && own !== undefined ? "options.budgetUsd" : `MOSAIC_BUDGET_${scope.toUpperCase()}_USD`}` +
        (scope === "day" ? ", or wait until midnight UTC" : ""),
    );
  }
}
