/** Why durable state cannot be used. */
export type StoreFault =
  | "disk_full"
  | "read_only"
  | "busy"
  | "io"
  | "damaged"
  | "newer_schema"
  | "cannot_open"
  | "crashed"
  /** The server of the store does not answer. */
  | "unreachable"
  /** It refuses who asks, or what that one may do. */
  | "unauthorized"
  | "memory_full"
  /** It is too old, or set up in a way that this program cannot work with. */
  | "unsupported"
  /** It is not the one that was used before, or everything in it is gone. */
  | "emptied"
  | "closed"
  | "internal";

/**
 * The store could not do what was asked, and nothing of it was recorded (`crashed`: that cannot be known). Everything
 * else a store throws (`IllegalTransitionError`, `NotFoundError`, …) is an answer; this is a failure of the store.
 */
export class StoreUnavailableError extends Error {
  readonly code: StoreFault;

  constructor(code: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreUnavailableError";
    this.code = code;
  }
}

/** What a server says that is away for a moment, or has too much to do. */
const AWAY: ReadonlySet<StoreFault> = new Set(["unreachable", "crashed", "busy"]);

/** Whether a store that failed like this may answer when it is asked again. */
export function isAway(error: unknown): error is StoreUnavailableError {
  return error instanceof StoreUnavailableError && AWAY.has(error.code);
}

/** A stored row cannot be read: something other than this program has written to it, or the disk has. */
export class CorruptRecordError extends Error {
  /** Table and key: `task t-1`. */
  readonly record: string;
  readonly field: string;
  /** What is wrong with it: `does not hold valid JSON`. */
  readonly why: string;

  constructor(record: string, field: string, why: string) {
    super(`${record} is damaged in the store: ${field} ${why}. Restore it from a backup, or remove it`);
    this.name = "CorruptRecordError";
    this.record = record;
    this.field = field;
    this.why = why;
  }
}

/** A change that contradicts itself or the store's rules, such as a move without its event. A fault of the caller. */
export class InvalidChangeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InvalidChangeError";
  }
}

/** A page cursor that this store did not make. */
export class InvalidCursorError extends Error {
  constructor() {
    super("the cursor is not one of ours; leave it out to start from the first page");
    this.name = "InvalidCursorError";
  }
}
