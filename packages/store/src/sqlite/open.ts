import type { StoredEvent } from "@mosaic/contracts";
import type { ControlEngine, ControlOperation } from "../control/operations.ts";
import { createControlPorts } from "../control/ports.ts";
import type { InstallationFacts } from "../installation-facts.ts";
import { createLocalInstances } from "../local/instances.ts";
import { createLocalOrders } from "../local/orders.ts";
import type { Store } from "../store.ts";
import { createEventFeed } from "./event-feed.ts";
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

export interface SqliteStore extends Store {
  readonly facts: InstallationFacts;
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
  const control = async (name: ControlOperation, ...args: readonly unknown[]): Promise<unknown> =>
    engine.call(name, args as never, (answer) => answer);
  return {
    state: createStateStore({ engine, feed, listeners: eventListeners }),
    queue: createTaskQueue({ engine, listeners: queueListeners, now }, availability),
    ...createControlPorts({ call: control as ControlEngine["call"] }),
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
