import type { Store } from "@mosaic/store";
import { openDistributedStore } from "@mosaic/store/distributed";
import { startPostgres, startValkey } from "@mosaic/testing";

/** The servers of one installation, set up as we recommend: whatever was answered is on the disk. */
export interface BenchServers {
  readonly valkeyUrl: string;
  readonly databaseUrl: string;
  /** Another orchestrator's view of the store. */
  open(): Promise<Store>;
}

/** Servers for the length of one measurement; what was opened on them is closed before they are ended. */
export async function withServers<T>(work: (servers: BenchServers) => Promise<T>): Promise<T> {
  await using ends = new AsyncDisposableStack();
  const valkey = await startValkey();
  ends.defer(() => valkey.close());
  const postgres = await startPostgres();
  ends.defer(() => postgres.close());
  let opened = 0;
  return await work({
    valkeyUrl: valkey.url,
    databaseUrl: postgres.url,
    async open() {
      opened += 1;
      const store = await openDistributedStore({
        valkeyUrl: valkey.url,
        databaseUrl: postgres.url,
        clientName: `mosaic-bench-${opened}`,
        onListenerError: (error) => console.error(error),
      });
      ends.defer(() => store.close());
      return store;
    },
  });
}
