import { readInteger, readJson, readText } from "../read-field.ts";
import { CorruptRecordError, InvalidChangeError } from "../store-error.ts";
import {
  BUDGET_SCOPES,
  type BudgetLimits,
  type BudgetScope,
  type Reservation,
  type ReserveOutcome,
  type UsageEntry,
} from "../usage-ledger.ts";
import { toNano, toUsd } from "./nano.ts";
import { Undone, type Ask, type Steps } from "./steps.ts";
import type { createUsage } from "./usage.ts";

type BudgetRow = Readonly<Record<"scope" | "spent_nano" | "reserved_nano", unknown>>;

interface Taken {
  readonly places: Readonly<Record<Exclude<BudgetScope, "instance">, string>>;
  readonly nano: number;
}

/** Requests under way, and the sums every limit is compared with. */
export function createReservations(ask: Ask, usage: Pick<ReturnType<typeof createUsage>, "record">) {
  /** Takes a reservation out, so that it can be settled once. */
  function* take(reservationId: string): Steps<Taken | null> {
    const [row] = yield* ask.takeReservation({ reservation_id: reservationId });
    if (row === undefined) return null;
    const record = `reservation ${reservationId}`;
    const places = {
      agent: readText(row, "agent_id", record),
      task: readText(row, "task_id", record),
      repository: readText(row, "repository", record),
      day: readText(row, "day", record),
    };
    return { places, nano: readInteger(row, "nano", record) };
  }

  function* reserve(reservation: Reservation, limits: BudgetLimits): Steps<ReserveOutcome> {
    const { reservationId, owner, agentId, taskId, repository, model, costUsd, at } = reservation;
    const nano = toNano(costUsd);
    const day = at.slice(0, 10);
    const places = { agent: agentId, task: taskId, repository, day };
    const text = JSON.stringify(reservation);
    // Who waits for room asks again and again: a look costs no write, and locks nothing.
    const seen = refusal(yield* ask.stands(places), { nano, held: 0 }, limits);
    if (seen !== null) return yield* repeated(reservationId, text, seen);
    const inserted = yield* ask.insertReservation({
      reservation_id: reservationId,
      owner,
      agent_id: agentId,
      task_id: taskId,
      repository,
      day,
      model,
      nano,
      reservation: text,
    });
    if (inserted.length === 0) return yield* repeated(reservationId, text, null);
    // Held first and compared again: now nobody else can change it until the commit.
    const refused = refusal(yield* ask.hold({ ...places, nano }), { nano, held: nano }, limits);
    if (refused !== null) throw new Undone(refused);
    return { kind: "reserved" };
  }

  /** For a reservation that is there already: the same one is asked for again, because its answer was lost. */
  function* repeated(
    reservationId: string,
    text: string,
    otherwise: ReserveOutcome | null,
  ): Steps<ReserveOutcome> {
    const [row] = yield* ask.findReservation({ reservation_id: reservationId });
    if (row?.reservation === text) return { kind: "reserved" };
    if (row === undefined && otherwise !== null) throw new Undone(otherwise);
    throw new InvalidChangeError(`there is another reservation ${reservationId}: give each its own id`);
  }

  function* settle(reservationId: string, entry: UsageEntry): Steps<boolean> {
    const taken = yield* take(reservationId);
    if (taken === null) return false;
    yield* usage.record(entry, taken.places);
    yield* ask.spend({ ...taken.places, held: taken.nano, spent: toNano(entry.costUsd) });
    return true;
  }

  function* release(reservationId: string): Steps<void> {
    const taken = yield* take(reservationId);
    if (taken !== null) yield* ask.spend({ ...taken.places, held: taken.nano, spent: 0 });
  }

  /** What `owner` has reserved and not settled. */
  function* reservationsOf(owner: string): Steps<readonly Reservation[]> {
    const rows = yield* ask.reservationsOf({ owner });
    return rows.map((row) => {
      const record = `reservation ${String(row.reservation_id)}`;
      const reservation = readJson(row, "reservation", record, "object") as Reservation;
      if (reservation.reservationId === row.reservation_id) return reservation;
      throw new CorruptRecordError(record, "reservation", "holds another reservation");
    });
  }

  return { reserve, settle, release, reservationsOf };
}

/**
 * Null when there is room for `nano` within every limit. A budget without a row is untouched. `held`: how much of
 * `reserved` is the request itself.
 */
function refusal(
  rows: readonly BudgetRow[],
  { nano, held }: { readonly nano: number; readonly held: number },
  limits: BudgetLimits,
): ReserveOutcome | null {
  let waits: ReserveOutcome | null = null;
  for (const scope of BUDGET_SCOPES) {
    const limitUsd = limits[scope];
    if (limitUsd === undefined) continue;
    const row = rows.find((candidate) => candidate.scope === scope);
    const spent = row === undefined ? 0 : readInteger(row, "spent_nano", `budget ${scope}`);
    const reserved = row === undefined ? 0 : readInteger(row, "reserved_nano", `budget ${scope}`) - held;
    const limit = toNano(limitUsd);
    const stand = { scope, limitUsd, spentUsd: toUsd(spent), reservedUsd: toUsd(reserved) };
    if (spent + nano > limit) return { kind: "exhausted", ...stand };
    if (spent + reserved + nano > limit) waits ??= { kind: "held", ...stand };
  }
  return waits;
}
