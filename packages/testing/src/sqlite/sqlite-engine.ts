import { join } from "node:path";
import { openSqliteStore, type SqliteStore } from "@mosaic/store";
import type { OpenEngine } from "../engine.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** Suites have a listener that throws. */
const onListenerError = (): void => undefined;

/** The embedded store, for a suite that looks at the part of it which `pick` gives. */
export function sqliteEngine<T>(pick: (store: SqliteStore) => T): OpenEngine<T> {
  return async (clock) => {
    const folder = temporaryFolder();
    const options = { file: join(folder.path, "mosaic.db"), now: () => clock.now(), onListenerError };
    let store = await openSqliteStore(options).catch((error: unknown) => {
      folder.remove();
      throw error;
    });
    return {
      port: pick(store),
      async reopen() {
        await store.close();
        store = await openSqliteStore(options);
        return pick(store);
      },
      async close() {
        await store.close();
        folder.remove();
      },
    };
  };
}
