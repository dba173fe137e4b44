import { sql, type ExpressionBuilder, type Insertable } from "kysely";
import type { Dialect } from "../dialect.ts";
import { pick, query } from "../query.ts";
import { COLUMNS, COUNTED, type ControlTables } from "../tables.ts";

type Eb = ExpressionBuilder<ControlTables, "usage_by_day">;
type EntryColumn = Exclude<(typeof COLUMNS)["usage_entries"][number], "id">;
type DayColumn = Exclude<(typeof COLUMNS)["usage_by_day"][number], "requests">;

const ENTRY = COLUMNS.usage_entries.filter((column): column is EntryColumn => column !== "id");
const DAY = COLUMNS.usage_by_day.filter((column): column is DayColumn => column !== "requests");

/** Sums of everything that is counted; whole numbers in both engines, where PostgreSQL would make them decimals. */
const sums = (eb: Eb) =>
  COUNTED.map((column) => eb.fn.coalesce(eb.cast<number>(eb.fn.sum(column), "bigint"), eb.lit(0)).as(column));

/** The ledger of what was spent. */
export function usageQueries({ db, jsonItems }: Dialect) {
  const grouped = (column: "agent_id" | "task_id" | "repository") => {
    // As an expression, so that SQLite looks for the days by their key, not for groups in an index of all agents.
    const subject = (eb: Eb) => eb.cast<string>(column, "text");
    return query((p: { since: string; limit: number }) =>
      db
        .selectFrom("usage_by_day")
        .select((eb) => subject(eb).as("subject"))
        .select(sums)
        .where("day", ">=", p.since)
        .groupBy(subject)
        .orderBy((eb) => eb.fn.sum("nano"), "desc")
        .orderBy(subject)
        .limit(p.limit),
    );
  };
  return {
    insertEntry: query((p: Pick<Insertable<ControlTables["usage_entries"]>, EntryColumn>) =>
      db.insertInto("usage_entries").values(pick(p, ENTRY)),
    ),
    /** Adds one request. */
    addToDay: query((p: Pick<ControlTables["usage_by_day"], DayColumn>) =>
      db
        .insertInto("usage_by_day")
        .values((eb) => ({ ...pick(p, DAY), requests: eb.lit(1) }))
        .onConflict((conflict) =>
          conflict
            .columns(["day", "agent_id"])
            .doUpdateSet((eb) =>
              Object.fromEntries(
                COUNTED.map((column) => [
                  column,
                  eb(`usage_by_day.${column}`, "+", eb.ref(`excluded.${column}`)),
                ]),
              ),
            ),
        ),
    ),
    /** `agents`: a JSON list of lists of one id. */
    totalsOfAgents: query((p: { agents: string }) =>
      db
        .selectFrom("usage_by_day")
        .select("agent_id")
        .select(sums)
        .where("agent_id", "in", (eb) =>
          eb.selectFrom(jsonItems(p.agents)).select(sql<string>`value ->> 0`.as("id")),
        )
        .groupBy("agent_id"),
    ),
    sumsByAgent: grouped("agent_id"),
    sumsByTask: grouped("task_id"),
    sumsByRepository: grouped("repository"),
    sumsByDay: query((p: { since: string; limit: number }) =>
      db
        .selectFrom("usage_by_day")
        .select("day as subject")
        .select(sums)
        .where("day", ">=", p.since)
        .groupBy("day")
        .orderBy("day", "desc")
        .limit(p.limit),
    ),
    sumsOfAll: query((p: { since: string }) =>
      db.selectFrom("usage_by_day").select(sums).where("day", ">=", p.since),
    ),
  };
}
