import type { Migrated } from "./migrate.ts";
import type { PostgresStore, PostgresStoreOptions } from "./open.ts";

// An embedded start never loads PostgreSQL's client: what needs it comes through here.

/** See `openPostgresStore` in `open.ts`. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { openPostgresStore: open } = await import("./open.ts");
  return open(options);
}

/** See `migratePostgres` in `open.ts`. */
export async function migratePostgres(url: string): Promise<Migrated> {
  const { migratePostgres: migrate } = await import("./open.ts");
  return migrate(url);
}
