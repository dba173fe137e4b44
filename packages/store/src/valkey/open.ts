import { randomUUID } from "node:crypto";
import type { Instances } from "../instances.ts";
import type { Orders } from "../orders.ts";
import type { StateStore } from "../state-store.ts";
import { connect, DEFAULT_TIMEOUT_MS, type ConnectOptions, type Link } from "./connect.ts";
import { BLOCK_MS, startEventFeed } from "./event-feed.ts";
import { inspect, type Inspection, type ValkeyFacts } from "./inspect.ts";
import { createInstances } from "./instances.ts";
import { createOrders } from "./orders.ts";
import { createRunFunction } from "./run-function.ts";
import { createStateStore } from "./state-store.ts";

export interface ValkeyStoreOptions extends ConnectOptions {
  /**
   * What the installation remembers of its Valkey, from a former {@link ValkeyStore.epoch}: any other is refused. Null for
   * the first start, which takes the server as it is.
   */
  readonly epoch: string | null;
  /** Milliseconds since the epoch; without it the server's clock decides who is alive. */
  readonly now?: () => number;
  /** Told of what a listener of `subscribe` threw, and once for each time that the events cannot be read. */
  readonly onListenerError?: (error: unknown) => void;
}

/** The part of a distributed store that is in Valkey (or Redis). */
export interface ValkeyStore extends Inspection {
  readonly state: StateStore;
  readonly instances: Instances;
  readonly orders: Orders;
  readonly facts: ValkeyFacts;
  /** To be remembered elsewhere, so that an emptied Valkey is recognised. */
  readonly epoch: string;
  /** The connection for commands, for the queue to share: it queues nothing, and fails at once while the server is away. */
  readonly link: Link;
  /** Writes something, so that `ok` means that the server does its work, and is the right one. Never throws. */
  check(): Promise<{ readonly ok: boolean; readonly detail: string }>;
  /** Finishes what was asked before, then lets go. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the state, the instances and the orders in Valkey. Errors of every method: what its port says, of which
 * `StoreUnavailableError` with `crashed` means that the outcome is not known.
 * @throws StoreUnavailableError, with advice
 */
export async function openValkeyStore(options: ValkeyStoreOptions): Promise<ValkeyStore> {
  const link = await connect(options);
  try {
    return await openOn(link, options);
  } catch (error) {
    await link.close();
    throw error;
  }
}

async function openOn(link: Link, options: ValkeyStoreOptions): Promise<ValkeyStore> {
  const { clientName = "mosaic", timeoutMs = DEFAULT_TIMEOUT_MS, now, onListenerError = warn } = options;
  const inspection = await inspect(link);
  const { epoch, newest } = await begin(link, options.epoch);
  const reader = link.another({ clientName: `${clientName}-events`, timeoutMs: BLOCK_MS + timeoutMs });
  await reader.connect();
  const feed = startEventFeed({ link: reader, epoch, newest, onError: onListenerError });
  const run = createRunFunction(link, epoch);
  let closing: Promise<void> | null = null;
  return {
    ...inspection,
    state: createStateStore(run, feed),
    instances: createInstances(run, now),
    orders: createOrders(run, feed),
    epoch,
    link,
    async check() {
      try {
        await run("probe", new Date().toISOString());
        return { ok: true, detail: `${link.server} takes writes` };
      } catch (error) {
        return { ok: false, detail: error instanceof Error ? error.message : String(error) };
      }
    },
    close: () => (closing ??= Promise.all([feed.close(), link.close()]).then(() => undefined)),
  };
}

/** Makes the database this installation's, or sees that it is. */
async function begin(
  link: Link,
  epoch: string | null,
): Promise<{ readonly epoch: string; readonly newest: number }> {
  const [found, newest] = await createRunFunction(link, epoch ?? "")("begin", randomUUID());
  return { epoch: String(found), newest: Number(newest) };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
