import type { Budget, CostReport } from "@mosaic/contracts";
import { expect, it } from "vitest";
import { costsPage } from "./costs-page.ts";

const style = { paint: (_: string, text: string) => text, width: null };
const usage = {
  requests: 2,
  inputTokens: 1000,
  outputTokens: 50,
  cacheWrite5mTokens: 200,
  cacheWrite1hTokens: 0,
  cacheReadTokens: 34,
  costUsd: 1.5,
};
const budget = (part: Partial<Budget> = {}): Budget => ({
  spentUsd: 1.5,
  reservedUsd: 0,
  limitUsd: null,
  remainingUsd: null,
  ...part,
});
const report = (part: Partial<CostReport> = {}): CostReport => ({
  by: "repository",
  since: null,
  items: [],
  total: usage,
  instance: budget(),
  today: budget({ reservedUsd: 0.25, limitUsd: 10, remainingUsd: 8.25 }),
  ...part,
});

it("shows what each repository cost and what its budget leaves", () => {
  const item = {
    ...usage,
    key: "https://git.example/a\u001B[31m",
    budget: budget({ limitUsd: 2, remainingUsd: 0.5 }),
  };
  expect(costsPage(report({ items: [item] }), style)).toEqual([
    "REPOSITORY             REQUESTS  IN     OUT  COST   HELD  LEFT",
    "https://git.example/a  2         1,234  50   $1.50        $0.5000 of $2.00",
    "",
    "total     2 requests, 1,000 in, 50 out, 34 cache read, 200 cache written, cost $1.50",
    "today     $1.50 spent, $0.2500 held, $8.25 of $10.00 left",
    "instance  $1.50 spent, no limit",
  ]);
});

it("says when there is more than the list shows", () => {
  const lines = costsPage(report({ total: { ...usage, requests: 1234 } }), style);
  expect(lines[0]).toBe("1,234 requests are not in this list; --limit shows more");
});
