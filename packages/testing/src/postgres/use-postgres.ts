import { openPostgresStore, type PostgresStore, type PostgresStoreOptions } from "@mosaic/store";
import { afterAll, afterEach, beforeAll } from "vitest";
import { startPostgres, type PostgresInTest, type PostgresOptions } from "../servers/postgres.ts";

/** A PostgreSQL for all tests of the surrounding `describe`, and stores on it that are closed after each test. */
export interface PostgresInUse {
  readonly server: PostgresInTest;
  open(options: PostgresStoreOptions): Promise<PostgresStore>;
}

export function usePostgres(options: PostgresOptions = {}): PostgresInUse {
  let server: PostgresInTest | undefined;
  const stores: PostgresStore[] = [];

  beforeAll(async () => {
    server = await startPostgres(options);
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  afterAll(() => server?.close());

  return {
    get server(): PostgresInTest {
      if (server === undefined) throw new Error("PostgreSQL runs only while tests do");
      return server;
    },
    async open(storeOptions) {
      const store = await openPostgresStore(storeOptions);
      stores.push(store);
      return store;
    },
  };
}
