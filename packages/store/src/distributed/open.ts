import { createBullQueue } from "../bullmq/open.ts";
import { EPOCH_FACT } from "../fact-names.ts";
import { openPostgresStore, type PostgresStore } from "../postgres/open.ts";
import type { Store } from "../store.ts";
import { StoreUnavailableError } from "../store-error.ts";
import { openValkeyStore, type ValkeyStore } from "../valkey/open.ts";
import { cleaningLibraries } from "./clean-libraries.ts";
import type { InstallationFacts } from "../installation-facts.ts";

export interface DistributedStoreOptions {
  /** `redis[s]://…`, of Valkey or Redis. */
  readonly valkeyUrl: string;
  /** PEM of the authorities to trust with Valkey's certificate, instead of the system's. */
  readonly valkeyCa?: string | undefined;
  /** `postgres://…` */
  readonly databaseUrl: string;
  /** What the servers call the connections. */
  readonly clientName: string;
  /** Told of what a listener of `subscribe` or `onAvailable` threw. */
  readonly onListenerError: (error: unknown) => void;
}

/** A store that many orchestrators share. */
export interface DistributedStore extends Store {
  readonly facts: InstallationFacts;
  /** What is not as safe as it could be, each a sentence: how Valkey keeps what it is told. */
  readonly warnings: readonly string[];
}

/**
 * Opens the store of a distributed installation: what must never be lost or doubled in PostgreSQL, what moves in Valkey.
 * Each knows the other: a Valkey that was emptied or exchanged is refused, since it looks like one without tasks.
 * @throws StoreUnavailableError, with advice
 */
export async function openDistributedStore(options: DistributedStoreOptions): Promise<DistributedStore> {
  const opened = new AsyncDisposableStack();
  try {
    const postgres = await openPostgresStore({ url: options.databaseUrl });
    opened.defer(() => postgres.close());
    const valkey = await openKnownValkey(options, postgres);
    opened.defer(() => valkey.close());
    const { onListenerError } = options;
    const bull = await createBullQueue({ link: valkey.link, epoch: valkey.epoch, onListenerError });
    opened.defer(() => bull.close());
    const { usage, audit, tokens, allowedSecrets, facts } = postgres;
    const { state, orders, link } = valkey;
    const instances = cleaningLibraries(valkey.instances, { link, onError: onListenerError });
    let closing: Promise<void> | null = null;
    return {
      state,
      instances,
      orders,
      usage,
      audit,
      tokens,
      allowedSecrets,
      facts,
      queue: bull.queue,
      warnings: valkey.warnings,
      check: () => checkBoth(postgres, valkey),
      close: () => (closing ??= opened.disposeAsync()),
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function openKnownValkey(
  { valkeyUrl, valkeyCa, clientName, onListenerError }: DistributedStoreOptions,
  { facts }: PostgresStore,
): Promise<ValkeyStore> {
  const epoch = await facts.get(EPOCH_FACT);
  const valkey = await openValkeyStore({ url: valkeyUrl, ca: valkeyCa, clientName, onListenerError, epoch });
  if (
    epoch === null &&
    (await facts.get(EPOCH_FACT)) === null &&
    (await valkey.state.eventRange()).newest > 0
  ) {
    await valkey.close();
    throw new StoreUnavailableError(
      "emptied",
      "this PostgreSQL holds nothing of the installation that the Valkey belongs to: it was emptied, or is another one. " +
        "Restore its backup, or give DATABASE_URL and VALKEY_URL of the same installation",
    );
  }
  const kept = await facts.setIfAbsent(EPOCH_FACT, valkey.epoch);
  if (kept === valkey.epoch) return valkey;
  await valkey.close();
  throw new StoreUnavailableError(
    "emptied",
    "another orchestrator of this installation began with another Valkey at the same moment: give both the same VALKEY_URL",
  );
}

async function checkBoth(
  postgres: PostgresStore,
  valkey: ValkeyStore,
): Promise<{ readonly ok: boolean; readonly detail: string }> {
  const [database, server] = await Promise.all([postgres.check(), valkey.check()]);
  return { ok: database.ok && server.ok, detail: `${database.detail}; ${server.detail}` };
}
