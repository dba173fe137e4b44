import type { DatabaseSync } from "node:sqlite";
import {
  BUDGET_SCOPES,
  type BudgetLimits,
  type BudgetScope,
  type Reservation,
  type ReserveOutcome,
  type UsageEntry,
} from "../../usage-ledger.ts";
import type { Row } from "./rows.ts";
import { toNano, toUsd, type UsageTable } from "./usage.ts";

type Places = Readonly<Record<BudgetScope, string>>;

/** Requests under way, and the sums every limit is compared with. To be used inside a transaction. */
export function createReservationTable(db: DatabaseSync, usage: Pick<UsageTable, "record">) {
  const balance = db.prepare(
    "SELECT spent_nano, reserved_nano FROM budget_totals WHERE scope = ? AND subject = ?",
  );
  const add = db.prepare(
    `INSERT INTO budget_totals (scope, subject, spent_nano, reserved_nano) VALUES (?, ?, ?, ?)
     ON CONFLICT (scope, subject) DO UPDATE SET
       spent_nano = spent_nano + excluded.spent_nano, reserved_nano = reserved_nano + excluded.reserved_nano`,
  );
  const give = db.prepare(
    "UPDATE budget_totals SET reserved_nano = reserved_nano - ? WHERE scope = ? AND subject = ?",
  );
  const insert = db.prepare(
    `INSERT INTO usage_reservations
       (reservation_id, owner, agent_id, task_id, repository, day, model, nano, reservation)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const remove = db.prepare("DELETE FROM usage_reservations WHERE reservation_id = ? RETURNING *");
  const ofOwner = db.prepare("SELECT reservation FROM usage_reservations WHERE owner = ?");

  function refusal(places: Places, nano: number, limits: BudgetLimits): ReserveOutcome | null {
    let held: ReserveOutcome | null = null;
    for (const scope of BUDGET_SCOPES) {
      const limitUsd = limits[scope];
      if (limitUsd === undefined) continue;
      const row = balance.get(scope, places[scope]);
      const spent = Number(row?.["spent_nano"] ?? 0);
      const reserved = Number(row?.["reserved_nano"] ?? 0);
      const limit = toNano(limitUsd);
      const stand = { scope, limitUsd, spentUsd: toUsd(spent), reservedUsd: toUsd(reserved) };
      if (spent + nano > limit) return { kind: "exhausted", ...stand };
      if (spent + reserved + nano > limit) held ??= { kind: "held", ...stand };
    }
    return held;
  }

  /** Takes a reservation out, so that it can be settled once. */
  function take(reservationId: string): Places | null {
    const row = remove.get(reservationId);
    if (row === undefined) return null;
    const places = placesOfRow(row);
    for (const scope of BUDGET_SCOPES) give.run(row["nano"] ?? 0, scope, places[scope]);
    return places;
  }

  function settle(reservationId: string, entry: UsageEntry): boolean {
    const places = take(reservationId);
    if (places === null) return false;
    for (const scope of BUDGET_SCOPES) add.run(scope, places[scope], toNano(entry.costUsd), 0);
    usage.record(entry, places);
    return true;
  }

  return {
    reserve: (reservation: Reservation, limits: BudgetLimits): ReserveOutcome => {
      const { reservationId, owner, agentId, taskId, repository, model, costUsd, at } = reservation;
      const nano = toNano(costUsd);
      const day = at.slice(0, 10);
      const places: Places = { agent: agentId, task: taskId, repository, instance: "", day };
      const refused = refusal(places, nano, limits);
      if (refused !== null) return refused;
      const text = JSON.stringify(reservation);
      insert.run(reservationId, owner, agentId, taskId, repository, day, model, nano, text);
      for (const scope of BUDGET_SCOPES) add.run(scope, places[scope], 0, nano);
      return { kind: "reserved" };
    },
    settle,
    release: (reservationId: string): void => {
      take(reservationId);
    },
    settleAbandoned: (owner: string, at: string): number => {
      const left = ofOwner.all(owner).map((row) => JSON.parse(String(row["reservation"])) as Reservation);
      for (const reservation of left) settle(reservation.reservationId, unknownUse(reservation, at));
      return left.length;
    },
  };
}

function placesOfRow(row: Row): Places {
  return {
    agent: String(row["agent_id"]),
    task: String(row["task_id"]),
    repository: String(row["repository"]),
    instance: "",
    day: String(row["day"]),
  };
}

/** All that was reserved: the process died, and nobody knows how much of it was used. */
function unknownUse(reservation: Reservation, at: string): UsageEntry {
  const { reservationId, agentId, taskId, model, usage, costUsd, priceVersion } = reservation;
  const requestId = `lost_${reservationId}`;
  return {
    agentId,
    taskId,
    requestId,
    model,
    status: 0,
    ...usage,
    costUsd,
    priceVersion,
    at,
    complete: false,
  };
}
