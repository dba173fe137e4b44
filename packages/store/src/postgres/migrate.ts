import type { PoolClient, QueryConfig } from "pg";
import { POSTGRES_CONTROL } from "../control/compiled/postgres.ts";
import { StoreUnavailableError } from "../store-error.ts";

/** The newest schema this program knows. */
export const CONTROL_SCHEMA = POSTGRES_CONTROL.migrations.length;

/** What a migration has done. Versions; 0 is an empty database. */
export interface Migrated {
  readonly from: number;
  readonly to: number;
}

/** One lock for all who migrate this database; the number is "mosaic" as six letters. */
const LOCK = "SELECT pg_advisory_xact_lock(120363890731363)";
/** A migration of much data, or the wait for one, takes longer than anything else; in milliseconds. */
const PATIENCE_MS = 10 * 60_000;

/**
 * Brings the control plane's tables to the newest schema: all in one transaction, so that a migration that was killed
 * leaves the old schema, and under a lock, so that of many that start at once one migrates and the others wait for it.
 * @throws StoreUnavailableError `newer_schema` when a newer program has migrated this database
 */
export async function migrateControl(client: PoolClient): Promise<Migrated> {
  const before = (await isMigrated(client)) ? await schemaVersion(client) : 0;
  if (before === CONTROL_SCHEMA) return { from: before, to: before };
  await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
  await patiently(client, "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0");
  await patiently(client, LOCK);
  // Not `isMigrated` again: what a session has looked up by name it remembers, over a wait for others, too.
  await client.query(`CREATE TABLE IF NOT EXISTS control_schema (
    version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`);
  const from = await schemaVersion(client);
  for (const [index, statements] of POSTGRES_CONTROL.migrations.entries()) {
    if (index < from) continue;
    for (const statement of statements) await patiently(client, statement);
    await client.query("INSERT INTO control_schema (version) VALUES ($1)", [index + 1]);
  }
  await client.query("COMMIT");
  return { from, to: CONTROL_SCHEMA };
}

/** `pg` knows the option, its types do not. */
async function patiently(client: PoolClient, text: string): Promise<void> {
  const query: QueryConfig & { readonly query_timeout: number } = { text, query_timeout: PATIENCE_MS };
  await client.query(query);
}

async function isMigrated(client: PoolClient): Promise<boolean> {
  const found = "SELECT to_regclass('control_schema') IS NOT NULL AS there";
  return (await client.query<{ there: boolean }>(found)).rows[0]?.there === true;
}

/** @throws StoreUnavailableError `newer_schema` */
async function schemaVersion(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT coalesce(max(version), 0) AS version FROM control_schema",
  );
  const found = rows[0]?.version ?? 0;
  if (found <= CONTROL_SCHEMA) return found;
  throw new StoreUnavailableError(
    "newer_schema",
    `the database has schema ${found}, this version of Mosaic knows up to ${CONTROL_SCHEMA}: ` +
      `start the newer Mosaic that migrated it, or restore the database from before the upgrade`,
  );
}
