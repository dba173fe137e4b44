import { startPostgres } from "@mosaic/testing";
import { POSTGRES_VARIABLE } from "./store-mode.ts";

/** One PostgreSQL for a whole run of suites: each installation gets a database on it. */
export async function setup(): Promise<() => Promise<void>> {
  // Every running installation holds a few connections.
  const postgres = await startPostgres({ args: ["-c", "max_connections=300", "-c", "fsync=off"] });
  process.env[POSTGRES_VARIABLE] = postgres.url;
  return () => postgres.close();
}
