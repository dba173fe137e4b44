import { Pool, types, type ClientBase, type PoolClient } from "pg";
import type { Address } from "./address.ts";

/** How long is waited, in milliseconds. */
export interface Timeouts {
  /** For a connection, be it a new one or one that others are using. */
  readonly connectMs: number;
  /** For one statement. */
  readonly statementMs: number;
}

export const TIMEOUTS: Timeouts = { connectMs: 5000, statementMs: 10_000 };

/** How much later than the server, which can still say why, the client gives a statement up. */
const GRACE_SHARE = 0.2;
/** A lock that is waited for is named as the reason, which it would not be if the statement ended at the same time. */
const LOCK_SHARE = 0.8;
/** How long a session may hold locks in an open transaction whose client says nothing. */
const IDLE_IN_TRANSACTION_MS = 15_000;
const KEEP_ALIVE_MS = 10_000;

/**
 * For every session, whatever the server's defaults: what was acknowledged is on the disk, text is UTF-8, and a client
 * that vanished is noticed within a minute instead of two hours.
 */
const SESSION = `SELECT set_config('client_encoding', 'UTF8', false),
  CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END,
  set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),
  set_config('tcp_keepalives_count', '3', false)`;

export interface PoolLimits extends Timeouts {
  readonly size: number;
  /** Connections that stay open when there is nothing to do: by them others see that somebody is there. */
  readonly kept?: number;
  /** Sends statements without waiting for the answers to those before. */
  readonly pipeline?: boolean;
}

export interface ConnectionPool {
  /** A connection of one's own. Give it back with `release()`, or `release(true)` when it is not to be used again. */
  connect(): Promise<PoolClient>;
  /** Waits until every connection has been given back. */
  end(): Promise<void>;
}

export function createPool(
  { connectionString, ssl }: Address,
  { size, kept = 0, connectMs, statementMs, pipeline = false }: PoolLimits,
): ConnectionPool {
  const pool = new Pool({
    connectionString,
    // Else PGSSLMODE of the environment would decide.
    ...(ssl ? {} : { ssl: false }),
    max: size,
    min: kept,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    lock_timeout: statementMs * LOCK_SHARE,
    query_timeout: statementMs * (1 + GRACE_SHARE),
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    application_name: "mosaic",
    pipeline,
    onConnect: setUp,
  });
  const open = new Set<ClientBase>();
  pool.on("connect", (client) => {
    open.add(client);
    // The statement that meets a lost connection gets the error, too. Without a listener it would end the process.
    client.on("error", () => undefined);
  });
  pool.on("remove", (client) => open.delete(client));
  // An unused connection was lost: the pool has let it go, and makes a new one when it is needed.
  pool.on("error", () => undefined);
  return {
    connect: () => pool.connect(),
    async end() {
      await pool.end();
      // A server that hangs does not say goodbye; the process need not wait for it.
      for (const client of open) (client as PoolClient & { unref(): void }).unref();
    },
  };
}

/** The pool waits for it, though its types do not say so. */
function setUp(client: ClientBase): void {
  client.setTypeParser(types.builtins.INT8, toNumber);
  return client.query(SESSION) as unknown as undefined;
}

/** 64-bit numbers as numbers where they are exact; others stay text, which no reader takes for a number. */
function toNumber(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}
