import type { DistributedStore } from "@mosaic/store/distributed";
import { beforeEach } from "vitest";
import { usePostgres } from "../postgres/use-postgres.ts";
import type { PostgresInTest } from "./postgres.ts";
import { useValkey, type ValkeyInUse } from "./use-valkey.ts";
import type { ValkeyOptions } from "./valkey.ts";

/** Valkey and PostgreSQL for all tests of the surrounding `describe`; for each of them an empty database of both. */
export interface ServersInUse {
  readonly valkey: ValkeyInUse;
  readonly postgres: PostgresInTest;
  /** Of the running test. */
  readonly place: { readonly valkeyUrl: string; readonly databaseUrl: string };
  /** Opens the installation in them. */
  open(): Promise<DistributedStore>;
  withStore<T>(work: (store: DistributedStore) => Promise<T>): Promise<T>;
}

export function useServers(options: ValkeyOptions = {}): ServersInUse {
  const valkey = useValkey(options);
  const postgres = usePostgres();
  let databaseUrl = "";
  beforeEach(async () => {
    databaseUrl = await postgres.server.createDatabase();
  });
  const servers: ServersInUse = {
    valkey,
    get postgres() {
      return postgres.server;
    },
    get place() {
      return { valkeyUrl: valkey.url, databaseUrl };
    },
    async open() {
      // Only here: it takes as long to load as everything else together.
      const { openDistributedStore } = await import("@mosaic/store/distributed");
      return await openDistributedStore({
        ...servers.place,
        clientName: "test",
        onListenerError: () => undefined,
      });
    },
    async withStore(work) {
      const store = await servers.open();
      try {
        return await work(store);
      } finally {
        await store.close();
      }
    },
  };
  return servers;
}
