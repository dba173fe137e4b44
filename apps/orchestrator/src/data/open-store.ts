import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "@mosaic/config";
import { isAway, openSqliteStore, SALT_FACT, type Store } from "@mosaic/store";
import type { Logger } from "@mosaic/telemetry";
import { patiently } from "../patience.ts";

/** What is kept, and what people should know about how. */
export interface OpenedStore {
  readonly store: Store;
  /** Salt of secret fingerprints that all orchestrators share; null when there is only this one. */
  readonly sharedSalt: ((fallback: string) => Promise<string>) | null;
  readonly warnings: readonly string[];
}

export interface StorePlace {
  readonly config: Pick<Config, "home" | "valkeyUrl" | "valkeyCaFile" | "databaseUrl" | "storeWait">;
  readonly logger: Logger;
  readonly now?: (() => number) | undefined;
}

/** Between two tries, in milliseconds. */
const PAUSE_MS = 1000;

/**
 * Opens the store that the configuration names: one file here, or Valkey and PostgreSQL, which a start waits for.
 * @throws StoreUnavailableError
 */
export async function openStore(place: StorePlace): Promise<OpenedStore> {
  const { config, now } = place;
  const { valkeyUrl, databaseUrl } = config;
  if (valkeyUrl !== undefined && databaseUrl !== undefined)
    return await openShared({ ...place, valkeyUrl, databaseUrl });
  const file = join(config.home, "mosaic.db");
  const store = await openSqliteStore({ file, ...(now === undefined ? {} : { now }) });
  return { store, sharedSalt: null, warnings: [] };
}

async function openShared({
  config,
  logger,
  valkeyUrl,
  databaseUrl,
}: StorePlace & { readonly valkeyUrl: string; readonly databaseUrl: string }): Promise<OpenedStore> {
  // Only where they are needed: they take as long to load as everything else together.
  const { openDistributedStore } = await import("@mosaic/store/distributed");
  const valkeyCa =
    config.valkeyCaFile === undefined ? undefined : await readFile(config.valkeyCaFile, "utf8");
  // A server may be starting beside us. What no waiting mends is said at once.
  const passes = (error: unknown, leftMs: number): boolean => {
    if (!isAway(error)) return false;
    logger.warn(`${error.message} (tried for another ${Math.ceil(leftMs / 1000)} s)`);
    return true;
  };
  const store = await patiently({ ms: config.storeWait * 1000, pauseMs: PAUSE_MS, passes }, () =>
    openDistributedStore({
      valkeyUrl,
      valkeyCa,
      databaseUrl,
      clientName: `mosaic-${process.pid}`,
      onListenerError: (error) => logger.error({ err: error }, "a listener of the store failed"),
    }),
  );
  return {
    store,
    warnings: store.warnings,
    sharedSalt: (fallback) => store.facts.setIfAbsent(SALT_FACT, fallback),
  };
}
