import type { Lease } from "@mosaic/store";

/** A lease that is kept alive while its task is executed. */
export interface HeldLease {
  /** The newest form of the lease. */
  readonly lease: Lease;
  /** Goes on with a newer claim of the same task by this process; false when the lease is no longer held. */
  adopt(newer: Lease): boolean;
  stop(): void;
}
