import type { StoredEvent } from "@mosaic/contracts";
import type { AllowedSecrets } from "../allowed-secrets.ts";
import type { AuditLog, TokenStore } from "../ledgers.ts";
import type { StateStore } from "../state-store.ts";
import type { TaskQueue } from "../task-queue.ts";
import type { UsageLedger } from "../usage-ledger.ts";
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

/** Everything that is kept, in one file. */
export interface SqliteStore {
  readonly state: StateStore;
  readonly queue: TaskQueue;
  readonly usage: UsageLedger;
  readonly audit: AuditLog;
  readonly tokens: TokenStore;
  readonly allowedSecrets: AllowedSecrets;
  /** Writes a row and waits for the disk, so that `ok` means the store can do its work. Never throws. */
  check(): Promise<{ readonly ok: boolean; readonly detail: string }>;
  /** Finishes what was asked before, then closes the file. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the embedded store. Whatever its methods answer is on the disk (write-ahead log, every commit synced); what
 * many callers ask at once is committed together. One process may own a file: take `lockDataFolder` first.
 * @throws StoreUnavailableError when the file cannot be opened, is damaged, or was written by a newer Mosaic
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
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
