import type { DatabaseSync } from "node:sqlite";
import type { UsageEntry, UsageTotals } from "../../ledgers.ts";
import { columnName, placeholders, selectList } from "./rows.ts";

const SUMS = [
  "inputTokens",
  "outputTokens",
  "cacheWrite5mTokens",
  "cacheWrite1hTokens",
  "cacheReadTokens",
  "costUsd",
] as const;
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

/** The ledger of what was spent, with its sums by agent beside it, so that a list does not add up every request. */
export function createUsageTable(db: DatabaseSync) {
  const columns = [...FIELDS.map(columnName), "complete"];
  const insert = db.prepare(
    `INSERT INTO usage_entries (${columns.join(", ")}) VALUES (${placeholders(columns.length)})`,
  );
  const sums = SUMS.map(columnName);
  const add = db.prepare(
    `INSERT INTO usage_totals (agent_id, requests, ${sums.join(", ")}) VALUES (?, 1, ${placeholders(sums.length)})
     ON CONFLICT (agent_id) DO UPDATE SET requests = requests + 1,
       ${sums.map((column) => `${column} = ${column} + excluded.${column}`).join(", ")}`,
  );
  const totals = db.prepare(
    `SELECT ${selectList(["agentId", "requests", ...SUMS])} FROM usage_totals
     WHERE agent_id IN (SELECT value FROM json_each(?))`,
  );

  return {
    record: (entry: UsageEntry): void => {
      insert.run(...FIELDS.map((field) => entry[field]), Number(entry.complete));
      add.run(entry.agentId, ...SUMS.map((field) => entry[field]));
    },
    totals: (agentIds: readonly string[]): readonly (readonly [string, UsageTotals])[] => {
      return totals.all(JSON.stringify(agentIds)).map((row) => {
        const { agentId, ...sum } = row;
        return [String(agentId), sum as unknown as UsageTotals];
      });
    },
  };
}
