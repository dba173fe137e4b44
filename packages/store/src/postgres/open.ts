import { createControlPorts, type ControlPorts } from "../control/ports.ts";
import { readAddress } from "./address.ts";
import { createPostgresEngine } from "./engine.ts";
import { judge } from "./faults.ts";
import { CONTROL_SCHEMA, migrateControl, type Migrated } from "./migrate.ts";
import { createPool, TIMEOUTS, type ConnectionPool, type PoolLimits, type Timeouts } from "./pool.ts";
import { requireSupported } from "./server.ts";

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:5432/database?sslmode=…` (see `readAddress`) */
  readonly url: string;
  /** Milliseconds since the epoch; measures how long a commit is asked after. */
  readonly now?: () => number;
  /** Connections at most, 10 unless told. All orchestrators together must stay under the server's `max_connections`. */
  readonly poolSize?: number;
  readonly timeouts?: Partial<Timeouts>;
}

/** The control plane of a distributed installation. */
export interface PostgresStore extends ControlPorts {
  /** Writes something and waits until it is kept. Never throws. */
  check(): Promise<{ readonly ok: boolean; readonly detail: string }>;
  /** Finishes what was asked before, then lets go. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the control plane on PostgreSQL and brings it to the newest schema. What its methods answer is committed and
 * synced. Calls end within bounded time; one that met a lost connection is repeated, and never done twice.
 * @throws StoreUnavailableError when the server cannot be reached or cannot serve us, or was migrated by a newer Mosaic
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { url, now = Date.now, poolSize = 10, timeouts = {} } = options;
  const { address, pool } = poolOf(url, { ...TIMEOUTS, ...timeouts, size: poolSize, kept: 1 });
  const { place } = address;
  const { server } = await prepare(pool, place);
  const engine = createPostgresEngine({ pool, place, now });
  return {
    ...createControlPorts(engine),
    async check() {
      try {
        await engine.call("touch");
        return { ok: true, detail: `${server}, schema ${CONTROL_SCHEMA}` };
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) };
      }
    },
    close: () => engine.close(),
  };
}

/** Brings a database to the newest schema, as every start does. @throws StoreUnavailableError */
export async function migratePostgres(url: string): Promise<Migrated> {
  const { address, pool } = poolOf(url, { ...TIMEOUTS, size: 1 });
  const { migrated } = await prepare(pool, address.place);
  await pool.end();
  return migrated;
}

function poolOf(url: string, limits: PoolLimits) {
  const address = readAddress(url);
  return { address, pool: createPool(address, limits) };
}

/** Looks at the server and migrates. Ends the pool when that fails. */
async function prepare(
  pool: ConnectionPool,
  place: string,
): Promise<{ readonly server: string; readonly migrated: Migrated }> {
  try {
    const client = await pool.connect();
    try {
      const server = await requireSupported(client);
      return { server, migrated: await migrateControl(client) };
    } finally {
      // After an error its transaction may be open: it goes with the connection.
      client.release(true);
    }
  } catch (error) {
    await pool.end();
    throw judge(error, place).error;
  }
}
