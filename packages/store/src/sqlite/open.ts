import type { StoredEvent } from "@mosaic/contracts";
import { createLocalInstances } from "../local/instances.ts";
import { createLocalOrders } from "../local/orders.ts";
import type { Store } from "../store.ts";
import { createEventFeed } from "./event-feed.ts";
import { createAllowedSecrets, createAuditLog, createTokenStore, createUsageLedger } from "./ledgers.ts";
import { createListeners } from "./listeners.ts";
import { createStateStore } from "./state-store.ts";
import { createAvailability, createTaskQueue } from "./task-queue.ts";
import { startEngineThread } from "./thread.ts";

export interface SqliteStoreOptions {
  /** Path of the database; created, readable by its owner only, when it is missing. Its folder must exist. */
  readonly file: string;
  /** Milliseconds since the epoch; what leases and retries are measured by. */
  readonly now?: () => number;
  /** Told of what a listener of `subscribe` or `onAvailable` threw. A warning of the process by default. */
  readonly onListenerError?: (error: unknown) => void;
}

/**
 * Opens the embedded store. Whatever its methods answer is on the disk (write-ahead log, every commit synced); what
 * many callers ask at once is committed together. One process may own a file: take `lockDataFolder` first.
 * @throws StoreUnavailableError when the file cannot be opened, is damaged, or was written by a newer Mosaic
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, now = Date.now, onListenerError = warn } = options;
  const eventListeners = createListeners<readonly StoredEvent[]>(onListenerError);
  const queueListeners = createListeners<void>(onListenerError);
  const feed = createEventFeed(eventListeners);
  const availability = createAvailability(queueListeners);
  const afterGroup = (): void => {
    feed.flush();
    availability.flush();
  };
  const engine = await startEngineThread({ file, now: now(), afterGroup });
  return {
    state: createStateStore({ engine, feed, listeners: eventListeners }),
    queue: createTaskQueue({ engine, listeners: queueListeners, now }, availability),
    usage: createUsageLedger(engine),
    audit: createAuditLog(engine),
    tokens: createTokenStore(engine),
    allowedSecrets: createAllowedSecrets(engine),
    instances: createLocalInstances(now),
    orders: createLocalOrders(),
    async check() {
      try {
        return { ok: true, detail: await engine.call("probe", [], (detail) => detail) };
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) };
      }
    },
    close: () => engine.close(),
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
