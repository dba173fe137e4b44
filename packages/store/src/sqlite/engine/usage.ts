import type { DatabaseSync } from "node:sqlite";
import type { Balance, BudgetSubject, Sums, SumsQuery, UsageEntry, UsageTotals } from "../../usage-ledger.ts";
import { columnName, placeholders, selectList, type Row } from "./rows.ts";

const TOKENS = [
  "inputTokens",
  "outputTokens",
  "cacheWrite5mTokens",
  "cacheWrite1hTokens",
  "cacheReadTokens",
] as const;
const SUMS = [...TOKENS, "costUsd"] as const;
const FIELDS = [
  "agentId",
  "taskId",
  "requestId",
  "model",
  "status",
  ...SUMS,
  "priceVersion",
  "at",
] as const satisfies readonly (keyof UsageEntry)[];

const NANO = 1_000_000_000;

/** US dollars as whole billionths of one. */
export function toNano(usd: number): number {
  return Math.round(usd * NANO);
}

/** Billionths of a US dollar as dollars. */
export function toUsd(nano: unknown): number {
  return Number(nano ?? 0) / NANO;
}

/** Where an entry is counted beside its agent and task. */
export interface Placed {
  readonly repository: string;
  readonly day: string;
}

export type UsageTable = ReturnType<typeof createUsageTable>;

/** The ledger of what was spent, with its sums beside it, so that a list does not add up every request. */
export function createUsageTable(db: DatabaseSync) {
  const columns = [...FIELDS.map(columnName), "complete"];
  const insert = db.prepare(
    `INSERT INTO usage_entries (${columns.join(", ")}) VALUES (${placeholders(columns.length)})`,
  );
  const sums = SUMS.map(columnName);
  const add = db.prepare(
    `INSERT INTO usage_totals (agent_id, requests, ${sums.join(", ")}) VALUES (?, 1, ${placeholders(sums.length)})
     ON CONFLICT (agent_id) DO UPDATE SET requests = requests + 1, ${addUp(sums)}`,
  );
  const daily = [...TOKENS.map(columnName), "nano"];
  const addDay = db.prepare(
    `INSERT INTO usage_by_day (day, agent_id, task_id, repository, requests, ${daily.join(", ")})
     VALUES (?, ?, ?, ?, 1, ${placeholders(daily.length)})
     ON CONFLICT (day, agent_id) DO UPDATE SET requests = requests + 1, ${addUp(daily)}`,
  );
  const totals = db.prepare(
    `SELECT ${selectList(["agentId", "requests", ...SUMS])} FROM usage_totals
     WHERE agent_id IN (SELECT value FROM json_each(?))`,
  );
  const balance = db.prepare(
    "SELECT spent_nano, reserved_nano FROM budget_totals WHERE scope = ? AND subject = ?",
  );
  return {
    /** Writes an entry and its sums by agent and day; the sums of the budgets belong to the reservations. */
    record: (entry: UsageEntry, { repository, day }: Placed): void => {
      insert.run(...FIELDS.map((field) => entry[field]), Number(entry.complete));
      add.run(entry.agentId, ...SUMS.map((field) => entry[field]));
      const tokens = TOKENS.map((field) => entry[field]);
      addDay.run(day, entry.agentId, entry.taskId, repository, ...tokens, toNano(entry.costUsd));
    },
    totals: (agentIds: readonly string[]): readonly (readonly [string, UsageTotals])[] => {
      return totals.all(JSON.stringify(agentIds)).map((row) => {
        const { agentId, ...sum } = row;
        return [String(agentId), sum as unknown as UsageTotals];
      });
    },
    balances: (subjects: readonly BudgetSubject[]): readonly Balance[] => {
      return subjects.map(({ scope, subject }) => {
        const row = balance.get(scope, subject);
        return { spentUsd: toUsd(row?.["spent_nano"]), reservedUsd: toUsd(row?.["reserved_nano"]) };
      });
    },
    sums: createSums(db),
  };
}

const addUp = (names: readonly string[]): string =>
  names.map((column) => `${column} = ${column} + excluded.${column}`).join(", ");

/** Sums by agent, task, repository or day, from the sums of days. */
function createSums(db: DatabaseSync) {
  const added = ["requests", ...TOKENS]
    .map((field) => `coalesce(sum(${columnName(field)}), 0) AS "${field}"`)
    .concat("coalesce(sum(nano), 0) AS nano")
    .join(", ");
  const total = db.prepare(`SELECT ${added} FROM usage_by_day WHERE day >= ?`);
  const grouped = (column: string, order: string) =>
    db.prepare(
      `SELECT ${column} AS subject, ${added} FROM usage_by_day WHERE day >= ?
       GROUP BY ${column} ORDER BY ${order} LIMIT ?`,
    );
  const by = {
    agent: grouped("agent_id", "nano DESC, subject"),
    task: grouped("task_id", "nano DESC, subject"),
    repository: grouped("repository", "nano DESC, subject"),
    day: grouped("day", "subject DESC"),
  } as const;
  return (query: SumsQuery): Sums => {
    // Every date is greater than the empty text.
    const since = query.since ?? "";
    const items = by[query.by].all(since, query.limit).map((row) => {
      return { subject: String(row["subject"]), ...toTotals(row) };
    });
    return { items, total: toTotals(total.get(since) ?? {}) };
  };
}

function toTotals(row: Row): UsageTotals {
  const { subject: _, nano, ...tokens } = row;
  return { ...(tokens as unknown as UsageTotals), costUsd: toUsd(nano) };
}
