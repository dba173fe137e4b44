import type { DatabaseSync } from "node:sqlite";
import { SQLITE_CONTROL } from "../../control/compiled/sqlite.ts";
import { StoreUnavailableError } from "../../store-error.ts";
import { SCHEMA_1 } from "./schema-1.ts";
import { SCHEMA_2 } from "./schema-2.ts";
import { SCHEMA_3 } from "./schema-3.ts";
import { SCHEMA_6 } from "./schema-6.ts";

/** One of the control plane's migrations, which every engine has (`control/migrations/`). Counted from 1. */
const control = (version: number): string => {
  const statements = SQLITE_CONTROL.migrations[version - 1];
  if (statements === undefined) throw new Error(`the control plane has no migration ${version}`);
  return statements.join(";\n");
};

/** In order; the version of a schema is its place in this list, from 1. */
const MIGRATIONS: readonly string[] = [SCHEMA_1, SCHEMA_2, SCHEMA_3, control(1), control(2), SCHEMA_6];

/** The newest schema this program knows. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the database to the newest schema, all in one transaction: a migration that was killed half-way leaves the
 * old schema. @throws StoreUnavailableError `newer_schema` when a newer program has migrated this file
 */
export function migrate(db: DatabaseSync, now: number): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    db.exec(`CREATE TABLE IF NOT EXISTS schema_versions (
      version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT`);
    const current = schemaVersion(db);
    if (current > SCHEMA_VERSION) throw newerSchema(current);
    const record = db.prepare("INSERT INTO schema_versions (version, applied_at) VALUES (?, ?)");
    for (const [index, sql] of MIGRATIONS.entries()) {
      if (index < current) continue;
      db.exec(sql);
      record.run(index + 1, new Date(now).toISOString());
    }
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function schemaVersion(db: DatabaseSync): number {
  const row = db.prepare("SELECT coalesce(max(version), 0) AS version FROM schema_versions").get();
  return Number(row?.["version"]);
}

function newerSchema(found: number): StoreUnavailableError {
  return new StoreUnavailableError(
    "newer_schema",
    `the store has schema ${found}, this version of Mosaic knows up to ${SCHEMA_VERSION}: ` +
      `start the newer Mosaic that wrote it, or restore the data folder from before the upgrade`,
  );
}
