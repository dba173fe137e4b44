import type { PoolClient } from "pg";
import { StoreUnavailableError } from "../store-error.ts";

/** BullMQ asks for the same, and older ones get no fixes any more. */
const OLDEST = 13;

interface Facts {
  readonly version: number;
  readonly name: string;
  readonly encoding: string;
  readonly standby: boolean;
  readonly fsync: string;
}

/** Looks at the server once. Gives its name for people. @throws StoreUnavailableError when it cannot serve us */
export async function requireSupported(client: PoolClient): Promise<string> {
  const { rows } = await client.query<Facts>(`SELECT current_setting('server_version_num')::int AS version,
    current_setting('server_version') AS name, current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync`);
  const { version, name, encoding, standby, fsync } = rows[0] as Facts;
  if (version < OLDEST * 10_000)
    throw unsupported(`it is PostgreSQL ${name}; Mosaic needs ${OLDEST} or newer: upgrade it`);
  if (encoding !== "UTF8")
    throw unsupported(`its encoding is ${encoding}; create one with UTF8 (createdb -E UTF8 -T template0)`);
  if (standby)
    throw new StoreUnavailableError(
      "read_only",
      "the PostgreSQL of DATABASE_URL is a standby, which takes no writes: point it at the primary",
    );
  const durable = fsync === "on" ? "every commit synced" : "fsync is OFF: a power cut loses data";
  return `PostgreSQL ${name}, ${durable}`;
}

function unsupported(why: string): StoreUnavailableError {
  return new StoreUnavailableError("unsupported", `the database of DATABASE_URL cannot be used: ${why}`);
}
