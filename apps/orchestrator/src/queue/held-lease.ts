import type { Lease } from "@mosaic/store";

/** A lease that is kept alive while its task is executed. */
export interface HeldLease {
  /** The newest form of the lease. */
  readonly lease: Lease;
  /** Goes on with a newer claim of the same task by this process; false when the lease is no longer held. */
  adopt(newer: Lease): boolean;
  /**
   * Whether the task is still this process's, as the store said less than a beat ago or says now. To be asked just before
   * something that cannot be taken back: a process that was stopped for a while does not know that it was.
   */
  confirm(): Promise<boolean>;
  stop(): void;
}
