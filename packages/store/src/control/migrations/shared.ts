import { sql } from "kysely";
import { CHAIN_START } from "../../audit-chain.ts";
import type { Dialect } from "../dialect.ts";
import { tableCreator, type Step } from "./step.ts";

/**
 * What several writers need.
 *
 * - `usage_entries.nano` instead of a fraction of dollars, so that both engines add up whole numbers.
 * - No more `usage_totals`: it held the sums of `usage_by_day` once more, and cost a write per request.
 * - `audit_head` holds the end of the chain: who appends locks its row, which gives one order to all writers.
 */
export function sharedControl(dialect: Dialect): readonly Step[] {
  const { db, types, table, lastAuditSeq } = dialect;
  const create = tableCreator(dialect);
  const lastHash = sql`(select hash from audit order by seq desc limit 1)`;
  return [
    db.schema
      .alterTable("usage_entries")
      .addColumn("nano", types.integer, (column) => column.notNull().defaultTo(sql`0`)),
    sql`update usage_entries set nano = cast(round(cost_usd * 1e9) as bigint)`,
    db.schema.alterTable("usage_entries").dropColumn("cost_usd"),
    db.schema.dropTable("usage_totals"),
    db.schema.createIndex("usage_by_day_of_agent").on("usage_by_day").column("agent_id"),
    table(
      create("audit_head", {
        only: sql`${types.integer} primary key check ("only" = 1)`,
        seq: "integer",
        hash: "text",
      }),
    ),
    sql`insert into audit_head ("only", seq, hash)
      values (1, ${lastAuditSeq}, coalesce(${lastHash}, ${sql.lit(CHAIN_START)}))`,
    table(create("installation", { key: sql`${types.text} primary key not null`, value: "text" }), "keyed"),
    ...dialect.own,
  ];
}
