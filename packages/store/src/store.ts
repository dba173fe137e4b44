import type { AllowedSecrets } from "./allowed-secrets.ts";
import type { Instances } from "./instances.ts";
import type { AuditLog, TokenStore } from "./ledgers.ts";
import type { Orders } from "./orders.ts";
import type { StateStore } from "./state-store.ts";
import type { TaskQueue } from "./task-queue.ts";
import type { UsageLedger } from "./usage-ledger.ts";

/** Everything an installation keeps, wherever it keeps it. */
export interface Store {
  readonly state: StateStore;
  readonly queue: TaskQueue;
  readonly usage: UsageLedger;
  readonly audit: AuditLog;
  readonly tokens: TokenStore;
  readonly allowedSecrets: AllowedSecrets;
  readonly instances: Instances;
  readonly orders: Orders;
  /** Writes something and waits until it is kept, so that `ok` means the store can do its work. Never throws. */
  check(): Promise<{ readonly ok: boolean; readonly detail: string }>;
  /** Finishes what was asked before, then lets go. Safe to call twice. */
  close(): Promise<void>;
}
