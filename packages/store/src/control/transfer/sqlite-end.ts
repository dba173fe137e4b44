import { openConnection } from "../../sqlite/engine/connection.ts";
import { fromFault, toFault } from "../../sqlite/faults.ts";
import { SQLITE_CONTROL } from "../compiled/sqlite.ts";
import type { Value } from "../steps.ts";
import { onlyRow, type Purpose, type TransferEnd } from "./end.ts";

/** The embedded file, opened in this thread: nothing else is to be done while an installation moves. */
export function openSqliteEnd(file: string, purpose: Purpose): TransferEnd {
  const db = known(() => openConnection(file, Date.now()));
  db.exec(purpose === "write" ? "BEGIN IMMEDIATE" : "BEGIN");
  return {
    control: SQLITE_CONTROL,
    async *rows(text) {
      yield* db.prepare(text).iterate();
    },
    async one(text) {
      return known(() => onlyRow(db.prepare(text).all(), text));
    },
    async write([text, parameters], rows) {
      known(() => {
        const statement = db.prepare(text);
        for (const row of rows) statement.run(...parameters.map((name) => row[name] as Value));
      });
    },
    async commit() {
      known(() => db.exec("COMMIT"));
    },
    async close() {
      if (db.isTransaction) db.exec("ROLLBACK");
      db.close();
    },
  };
}

/** Errors of SQLite as the errors of the store. */
function known<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fromFault(toFault(error));
  }
}
