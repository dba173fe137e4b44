import { sql, type RawBuilder } from "kysely";
import type { BudgetScope } from "../../usage-ledger.ts";
import type { Dialect } from "../dialect.ts";
import { pick, query } from "../query.ts";
import { COLUMNS, type ControlTables } from "../tables.ts";

/** What a request counts against, beside the instance, whose subject is empty. */
type Places = Readonly<Record<Exclude<BudgetScope, "instance">, string>>;

/**
 * A request's budgets, always in this order: each writer locks their rows in the same one, so that none waits for
 * another in a circle. What is the most wanted comes last and is locked for the shortest time.
 */
const budgetsOf = (p: Places): readonly (readonly [BudgetScope, string | RawBuilder<string>])[] => [
  ["agent", p.agent],
  ["task", p.task],
  ["repository", p.repository],
  ["day", p.day],
  ["instance", sql.lit("")],
];

type Amount = number | RawBuilder<number>;

const rowsOf = (p: Places, amounts: { spent_nano: Amount; reserved_nano: Amount }) =>
  budgetsOf(p).map(([scope, subject]) => ({ scope: sql.lit(scope), subject, ...amounts }));

/** Requests under way, and the sums that every limit is compared with. */
export function reservationQueries({ db, jsonItems }: Dialect) {
  const nothing = sql.lit(0);
  return {
    /** Gives no row when there is such a reservation. */
    insertReservation: query((p: ControlTables["usage_reservations"]) =>
      db
        .insertInto("usage_reservations")
        .values(pick(p, COLUMNS.usage_reservations))
        .onConflict((conflict) => conflict.column("reservation_id").doNothing())
        .returning("reservation_id"),
    ),
    findReservation: query((p: { reservation_id: string }) =>
      db
        .selectFrom("usage_reservations")
        .select("reservation")
        .where("reservation_id", "=", p.reservation_id),
    ),
    reservationsOf: query((p: { owner: string }) =>
      db
        .selectFrom("usage_reservations")
        .select(["reservation_id", "reservation"])
        .where("owner", "=", p.owner)
        .orderBy("reservation_id"),
    ),
    takeReservation: query((p: { reservation_id: string }) =>
      db
        .deleteFrom("usage_reservations")
        .where("reservation_id", "=", p.reservation_id)
        .returning(["agent_id", "task_id", "repository", "day", "nano"]),
    ),
    /** How each budget stands, for a look; others may change it before anything is held. */
    stands: query((p: Places) =>
      db
        .selectFrom("budget_totals")
        .select(["scope", "spent_nano", "reserved_nano"])
        .where((eb) =>
          eb.or(
            budgetsOf(p).map(([scope, subject]) =>
              eb.and([eb("scope", "=", sql.lit(scope)), eb("subject", "=", subject)]),
            ),
          ),
        ),
    ),
    /** Holds an amount in every budget; gives how each stands with it. */
    hold: query((p: Places & { nano: number }) =>
      db
        .insertInto("budget_totals")
        .values(rowsOf(p, { spent_nano: nothing, reserved_nano: p.nano }))
        .onConflict((conflict) =>
          conflict.columns(["scope", "subject"]).doUpdateSet((eb) => ({
            reserved_nano: eb("budget_totals.reserved_nano", "+", eb.ref("excluded.reserved_nano")),
          })),
        )
        .returning(["scope", "spent_nano", "reserved_nano"]),
    ),
    /** Gives back what was held and adds what was spent. */
    spend: query((p: Places & { held: number; spent: number }) =>
      db
        .insertInto("budget_totals")
        .values(rowsOf(p, { spent_nano: p.spent, reserved_nano: nothing }))
        .onConflict((conflict) =>
          conflict.columns(["scope", "subject"]).doUpdateSet((eb) => ({
            spent_nano: eb("budget_totals.spent_nano", "+", eb.ref("excluded.spent_nano")),
            reserved_nano: eb("budget_totals.reserved_nano", "-", p.held),
          })),
        ),
    ),
    /** `subjects`: a JSON list of lists of scope and subject. */
    balances: query((p: { subjects: string }) =>
      db
        .selectFrom("budget_totals")
        .select(["scope", "subject", "spent_nano", "reserved_nano"])
        .where((eb) =>
          eb(
            eb.refTuple("scope", "subject"),
            "in",
            eb
              .selectFrom(jsonItems(p.subjects))
              .select([sql<string>`value ->> 0`.as("scope"), sql<string>`value ->> 1`.as("subject")])
              .$asTuple("scope", "subject"),
          ),
        ),
    ),
  };
}
