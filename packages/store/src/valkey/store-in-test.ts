import { openValkeyStore, type ValkeyStore, type ValkeyStoreOptions } from "./open.ts";

/** A server of a test's own. */
export interface Server {
  readonly url: string;
  run(...command: readonly string[]): Promise<string>;
}

/** A store whose listeners' errors are kept. */
export interface StoreInTest extends ValkeyStore {
  readonly errors: readonly unknown[];
}

export async function openStore(
  url: string,
  options: Partial<ValkeyStoreOptions> = {},
): Promise<StoreInTest> {
  const errors: unknown[] = [];
  const store = await openValkeyStore({
    url,
    epoch: null,
    timeoutMs: 10_000,
    onListenerError: (error) => errors.push(error),
    ...options,
  });
  return { ...store, errors };
}

/** For a suite: a part of the store on a server that was emptied, which goes by the suite's clock. */
export function storeOn<T>(server: () => Server, pick: (store: ValkeyStore) => T) {
  return async (clock: { readonly now: () => number }) => {
    await server().run("flushall");
    const open = (epoch: string | null) => openStore(server().url, { epoch, now: () => clock.now() });
    let store = await open(null);
    return {
      port: pick(store),
      async reopen() {
        await store.close();
        store = await open(store.epoch);
        return pick(store);
      },
      close: () => store.close(),
    };
  };
}

/** Tries again until it is answered. */
export async function answered<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
