import type { Budget, CostReport } from "@mosaic/contracts";
import { cleanLine } from "../terminal/clean.ts";
import type { Paint, Tone } from "../terminal/paint.ts";
import { pairLines, tableLines, type Cell, type Column } from "./table.ts";
import { dollars, number } from "./units.ts";
import { usageLine } from "./usage.ts";

interface Style {
  readonly paint: Paint;
  readonly width: number | null;
}

/** Below this part of a limit, what is left is told as a warning. */
const LITTLE = 0.1;

/** The page of `mosaic costs`: one line for each agent, task, repository or day, then the sums and the budgets. */
export function costsPage(report: CostReport, style: Style): string[] {
  const columns: Column[] = [
    { title: report.by.toUpperCase(), min: 10 },
    { title: "REQUESTS" },
    { title: "IN" },
    { title: "OUT" },
    { title: "COST" },
    { title: "HELD" },
    { title: "LEFT" },
  ];
  const rows = report.items.map(({ key, budget, ...usage }): Cell[] => [
    { text: cleanLine(key), tone: "strong" },
    { text: number(usage.requests) },
    {
      text: number(
        usage.inputTokens + usage.cacheReadTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
      ),
    },
    { text: number(usage.outputTokens) },
    { text: dollars(usage.costUsd) },
    { text: budget.reservedUsd === 0 ? "" : dollars(budget.reservedUsd) },
    { text: left(budget), tone: toneOf(budget) },
  ]);
  const more = report.total.requests - report.items.reduce((sum, item) => sum + item.requests, 0);
  return [
    ...(rows.length === 0 ? [] : [...tableLines(columns, rows, style), ""]),
    ...(more > 0
      ? [style.paint("dim", `${number(more)} requests are not in this list; --limit shows more`)]
      : []),
    ...pairLines(
      [
        ["total", usageLine(report.total)],
        ["today", budgetLine(report.today, style.paint)],
        ["instance", budgetLine(report.instance, style.paint)],
      ],
      style,
    ),
  ];
}

function left({ limitUsd, remainingUsd }: Budget): string {
  return limitUsd === null || remainingUsd === null ? "" : `${dollars(remainingUsd)} of ${dollars(limitUsd)}`;
}

function toneOf({ limitUsd, remainingUsd }: Budget): Tone {
  if (limitUsd === null || remainingUsd === null) return "plain";
  if (remainingUsd === 0) return "bad";
  return remainingUsd < limitUsd * LITTLE ? "warn" : "plain";
}

function budgetLine(budget: Budget, paint: Paint): string {
  const held = budget.reservedUsd === 0 ? "" : `, ${dollars(budget.reservedUsd)} held`;
  const rest = budget.limitUsd === null ? "no limit" : paint(toneOf(budget), `${left(budget)} left`);
  return `${dollars(budget.spentUsd)} spent${held}, ${rest}`;
}
