import { randomBytes } from "node:crypto";
import {
  createDatabaseBeside,
  type PostgresInTest,
  startPostgres,
  startValkey,
  type ValkeyInTest,
} from "@mosaic/testing";

/** Where an installation of a test keeps its state: one file, or servers of its own. */
export interface StoreInTest {
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
  /** Ends its servers without waiting, for a process that is ending itself. */
  abandon(): void;
}

/** Names the mode the suites run in, and where it needs one, a PostgreSQL server they may make databases on. */
export const MODE_VARIABLE = "MOSAIC_TEST_MODE";
export const POSTGRES_VARIABLE = "MOSAIC_TEST_POSTGRES";

export const isDistributed = (): boolean => process.env[MODE_VARIABLE] === "distributed";

/** What the token is called that a start makes for the command line: on a shared store each has its own. */
export const ADMIN = /^admin(?:@\S+)?$/;

const EMBEDDED: StoreInTest = { env: {}, close: async () => undefined, abandon: () => undefined };

/** A new, empty store, as the mode of this run wants it. */
export async function newStore(): Promise<StoreInTest> {
  return isDistributed() ? await newServers() : EMBEDDED;
}

/** The servers of one installation, to be killed, frozen and started again. */
export interface Servers extends StoreInTest {
  readonly valkey: ValkeyInTest;
  /** Null when the database is on a server that others use, too. */
  readonly postgres: PostgresInTest | null;
}

interface ServersOptions {
  /** The database's server is its own as well. */
  readonly alone?: boolean;
  /** Whether Valkey keeps what it was told over a restart; it does unless told otherwise. */
  readonly durable?: boolean;
}

/** A Valkey and a database of its own. */
export async function newServers(options: ServersOptions = {}): Promise<Servers> {
  const server = options.alone === true ? undefined : process.env[POSTGRES_VARIABLE];
  const [valkey, postgres] = await Promise.all([
    startValkey({ durable: options.durable !== false }),
    server === undefined ? startPostgres() : null,
  ]);
  const databaseUrl =
    postgres?.url ?? (await createDatabaseBeside(server ?? "", `mosaic_${randomBytes(6).toString("hex")}`));
  return {
    valkey,
    postgres,
    env: { VALKEY_URL: valkey.url, DATABASE_URL: databaseUrl },
    async close() {
      await valkey.close();
      await postgres?.close();
    },
    abandon() {
      for (const running of [valkey.process, postgres?.process])
        if (running !== undefined) process.kill(running.pid, "SIGKILL");
    },
  };
}

const kept = new Map<string, Promise<StoreInTest>>();
const running = new Set<StoreInTest>();
// Only what still runs: the number of a process that has ended may be somebody else's by now.
process.once("exit", () => running.forEach((store) => store.abandon()));

/** The store of a data folder: the same at each start on it, until it is closed or this process ends. */
export function storeOf(home: string): Promise<StoreInTest> {
  const known = kept.get(home);
  if (known !== undefined) return known;
  const store = newStore();
  kept.set(home, store);
  void store.then((made) => running.add(made));
  return store;
}

/** Ends the store of a data folder that is not started on again. */
export async function closeStoreOf(home: string): Promise<void> {
  const store = await kept.get(home);
  kept.delete(home);
  if (store === undefined) return;
  await store.close();
  running.delete(store);
}
