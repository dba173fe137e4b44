import type { BudgetScope, ReserveOutcome } from "@mosaic/store";
import type { Refusal } from "./answer.ts";

/** What a limit is called in the configuration. */
const SETTING: Readonly<Record<BudgetScope, string>> = {
  agent: "MOSAIC_BUDGET_AGENT_USD",
  task: "MOSAIC_BUDGET_TASK_USD, or the request's options.budgetUsd",
  repository: "MOSAIC_BUDGET_REPOSITORY_USD",
  instance: "MOSAIC_BUDGET_INSTANCE_USD",
  day: "MOSAIC_BUDGET_DAY_USD",
};
const WHOSE: Readonly<Record<BudgetScope, string>> = {
  agent: "this agent",
  task: "this task",
  repository: "this repository",
  instance: "this instance",
  day: "this day (UTC)",
};

type InTheWay = Exclude<ReserveOutcome, { kind: "reserved" }>;

/** Seconds until a request that waits for other requests to be settled may try again. */
const HELD_RETRY_AFTER = 5;

/**
 * What an agent is told when a limit leaves no room: 402, never to be repeated. Claude Code stops after exactly one
 * such answer, and the SDK does not repeat it either (research note on agent runtimes, 2 and 4).
 */
export function overBudget(refused: InTheWay, costUsd: number): Refusal {
  const message = `the budget of ${whatIsLeft(refused)}, and this request may cost up to ${dollars(costUsd)} (${SETTING[refused.scope]})`;
  return { status: 402, type: "billing_error", message, retry: false };
}

/** What an agent is told when its request waited in vain for others to be settled: there may be room later. */
export function budgetHeld(refused: InTheWay): Refusal {
  const message = `requests under way hold the budget of ${whatIsLeft(refused)}, ${dollars(refused.reservedUsd)} held`;
  return { status: 429, type: "rate_limit_error", message, retry: true, retryAfter: HELD_RETRY_AFTER };
}

function whatIsLeft({ scope, limitUsd, spentUsd }: InTheWay): string {
  return `${WHOSE[scope]} is ${dollars(limitUsd)}, of which ${dollars(spentUsd)} is spent`;
}

/** At least four digits after the point: what is left of a budget is small. */
function dollars(usd: number): string {
  return `$${usd.toFixed(usd > 0 && usd < 0.0001 ? 9 : 4)}`;
}
