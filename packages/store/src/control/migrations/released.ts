import { sql } from "kysely";
import type { Dialect } from "../dialect.ts";
import { tableCreator, type Step } from "./step.ts";

const TOKENS = {
  input_tokens: "integer",
  output_tokens: "integer",
  cache_write_5m_tokens: "integer",
  cache_write_1h_tokens: "integer",
  cache_read_tokens: "integer",
} as const;

/**
 * The control plane as embedded files have it from their schemas 1 to 3. There it finds its tables and leaves them as
 * they are; elsewhere it creates them.
 */
export function releasedTables(dialect: Dialect): readonly Step[] {
  const { types, countedKey, table } = dialect;
  const create = tableCreator(dialect);
  const key = sql`${types.text} primary key not null`;
  const single = sql`${types.integer} primary key check ("only" = 1)`;
  const flag = (column: string) => sql`${types.integer} not null check (${sql.ref(column)} in (0, 1))`;
  const amount = (column: string) => sql`${types.integer} not null check (${sql.ref(column)} >= 0)`;
  return [
    table(
      create("usage_entries", {
        id: countedKey,
        agent_id: "text",
        task_id: "text",
        request_id: "text",
        model: "text",
        status: "integer",
        ...TOKENS,
        cost_usd: "real",
        price_version: "text",
        at: "text",
        complete: flag("complete"),
      }),
    ),
    table(
      create("usage_totals", { agent_id: key, requests: "integer", ...TOKENS, cost_usd: "real" }),
      "keyed",
    ),
    table(
      create("audit", {
        seq: countedKey,
        at: "text",
        actor: "text",
        action: "text",
        subject: "text",
        reason: "text",
        data: "text",
        previous_hash: "text",
        hash: "text",
      }),
    ),
    ...dialect.appendOnly,
    table(
      create("tokens", { name: key, scopes: "text", created_at: "text", hash: "text" }).addUniqueConstraint(
        "tokens_hash",
        ["hash"],
      ),
    ),
    table(create("write_probe", { only: single, writes: "integer" })),
    sql`insert into write_probe ("only", writes) values (1, 0) on conflict do nothing`,
    table(
      create("budget_totals", {
        scope: sql`${types.text} not null check (scope in ('agent', 'task', 'repository', 'instance', 'day'))`,
        subject: "text",
        spent_nano: amount("spent_nano"),
        reserved_nano: amount("reserved_nano"),
      }).addPrimaryKeyConstraint("budget_totals_key", ["scope", "subject"]),
      "keyed",
    ),
    table(
      create("usage_reservations", {
        reservation_id: key,
        owner: "text",
        agent_id: "text",
        task_id: "text",
        repository: "text",
        day: "text",
        model: "text",
        nano: amount("nano"),
        reservation: "text",
      }),
    ),
    table(
      create("usage_by_day", {
        day: "text",
        agent_id: "text",
        task_id: "text",
        repository: "text",
        requests: "integer",
        ...TOKENS,
        nano: "integer",
      }).addPrimaryKeyConstraint("usage_by_day_key", ["day", "agent_id"]),
      "keyed",
    ),
    table(
      create("allowed_secrets", { fingerprint: key, reason: "text", allowed_by: "text", allowed_at: "text" }),
      "keyed",
    ),
  ];
}
