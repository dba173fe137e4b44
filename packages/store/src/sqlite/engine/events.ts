import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoredEvent } from "@mosaic/contracts";
import { readJson } from "../../read-field.ts";
import type { EventFilter } from "../../state-store.ts";
import { CorruptRecordError } from "../../store-error.ts";
import { placeholders, type Row } from "./rows.ts";

/** An event as it crosses to the engine: already checked, its data already JSON. */
export interface EventRow {
  readonly type: string;
  readonly time: string;
  readonly subject: string;
  readonly taskId: string | null;
  readonly transcript: boolean;
  readonly data: string;
}

export type EventTable = ReturnType<typeof createEventTable>;

/** The event log. To be used inside a transaction. */
export function createEventTable(db: DatabaseSync) {
  const insert = db.prepare(
    "INSERT INTO events (type, time, subject, task_id, transcript, data) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const range = db.prepare(
    "SELECT (SELECT min(id) FROM events) AS oldest, (SELECT max(id) FROM events) AS newest",
  );
  const prune = db.prepare(
    `DELETE FROM events WHERE id IN (SELECT id FROM events
       WHERE id <= (SELECT max(id) FROM events) - ? ORDER BY id LIMIT ?)`,
  );
  const selects = new Map<string, StatementSync>();

  function select(sql: string): StatementSync {
    const statement = selects.get(sql) ?? db.prepare(sql);
    selects.set(sql, statement);
    return statement;
  }

  return {
    /** Appends; gives the id of the first, those of the others follow without a gap. 0 when there is none. */
    insert: (events: readonly EventRow[]): number => {
      let first = 0;
      for (const { type, time, subject, taskId, transcript, data } of events) {
        const { lastInsertRowid } = insert.run(type, time, subject, taskId, Number(transcript), data);
        if (first === 0) first = Number(lastInsertRowid);
      }
      return first;
    },
    after: ({ after, limit, subject, lifecycleOnly, types }: EventFilter): readonly StoredEvent[] => {
      const where = ["id > ?"];
      const values: (string | number)[] = [after];
      if (subject !== undefined) {
        where.push("subject = ?");
        values.push(subject);
      }
      if (types !== undefined) {
        where.push(`type IN (${placeholders(types.length)})`);
        values.push(...types);
      }
      // Says so when it follows from the types, too: then a long transcript is not read through.
      if (lifecycleOnly === true || types?.every((type) => !type.startsWith("transcript."))) {
        where.push("transcript = 0");
      }
      const sql = `SELECT id, type, time, subject, task_id, data FROM events
        WHERE ${where.join(" AND ")} ORDER BY id LIMIT ?`;
      return select(sql)
        .all(...values, limit)
        .map(toEvent);
    },
    range: (): { oldest: number; newest: number } => {
      const row = range.get();
      return { oldest: Number(row?.["oldest"] ?? 0), newest: Number(row?.["newest"] ?? 0) };
    },
    /** Ids have no gaps, so that the newest `keep` are known without counting. Removes at most `atMost`. */
    prune: (keep: number, atMost: number): number => {
      return Number(prune.run(keep, atMost).changes);
    },
  };
}

/** @throws CorruptRecordError */
function toEvent(row: Row): StoredEvent {
  const { id, type, time, subject, task_id: taskId } = row;
  const data = readJson(row, "data", `event ${String(id)}`, "object");
  if (typeof type !== "string") throw new CorruptRecordError(`event ${String(id)}`, "type", "is missing");
  return {
    id: Number(id),
    type,
    time,
    subject,
    ...(taskId === null ? {} : { taskId }),
    data,
  } as StoredEvent;
}
