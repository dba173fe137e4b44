import { IllegalTransitionError } from "@mosaic/domain";
import { NotFoundError } from "../state-store.ts";
import {
  CorruptRecordError,
  InvalidChangeError,
  InvalidCursorError,
  StoreUnavailableError,
  type StoreFault,
} from "../store-error.ts";
import { LeaseLostError } from "../task-queue.ts";

/** An error as it crosses between threads, where its class would be lost. */
export type Fault =
  | { kind: "illegal"; subject: "agent" | "task"; id: string; current: string; wanted: string }
  | { kind: "not_found"; subject: "agent" | "task"; id: string }
  | { kind: "lease_lost"; taskId: string }
  | { kind: "corrupt"; record: string; field: string; why: string }
  | { kind: "invalid_change"; message: string }
  | { kind: "invalid_cursor" }
  | { kind: "unavailable"; code: StoreFault; message: string };

/** SQLite's result codes (sqlite.org/rescode.html), and what a person can do about each. */
const SQLITE_FAULTS: Readonly<Record<number, readonly [StoreFault, string]>> = {
  5: ["busy", "another program holds the database's write lock; close it (a SQLite shell?)"],
  6: ["busy", "a table is locked by another program; close it"],
  8: ["read_only", "the data folder is read-only; make it writable and restart"],
  10: ["io", "the disk reported an error; check it (dmesg) and restart"],
  11: ["damaged", "the database is damaged; restore it from a backup"],
  13: ["disk_full", "the disk is full; free some space"],
  14: ["cannot_open", "the database file cannot be opened; check that its folder exists and is writable"],
  26: ["damaged", "the file is not a SQLite database; restore it from a backup"],
};
const CONSTRAINT = 19;
/** SQLITE_IOERR_SHMSIZE: the index of the log could not grow, which is what a full disk looks like there. */
const SHARED_MEMORY_SIZE = 4874;
/** SQLITE_IOERR_FSYNC: the kernel may have dropped what it could not write, so nothing after it can be trusted. */
const SYNC_FAILED = 1034;

/** An error as a message for the other thread. */
export function toFault(error: unknown): Fault {
  if (error instanceof IllegalTransitionError) {
    const { subject, id, current, wanted } = error;
    return { kind: "illegal", subject, id, current, wanted };
  }
  if (error instanceof NotFoundError) return { kind: "not_found", subject: error.subject, id: error.id };
  if (error instanceof LeaseLostError) return { kind: "lease_lost", taskId: error.taskId };
  if (error instanceof InvalidChangeError) return { kind: "invalid_change", message: error.message };
  if (error instanceof InvalidCursorError) return { kind: "invalid_cursor" };
  if (error instanceof CorruptRecordError) {
    return { kind: "corrupt", record: error.record, field: error.field, why: error.why };
  }
  if (error instanceof StoreUnavailableError) {
    return { kind: "unavailable", code: error.code, message: error.message };
  }
  return sqliteFault(error);
}

/** The error of its own class again. */
export function fromFault(fault: Fault): Error {
  if (fault.kind === "illegal") {
    return new IllegalTransitionError(fault.subject, fault.id, fault.current, fault.wanted);
  }
  if (fault.kind === "not_found") return new NotFoundError(fault.subject, fault.id);
  if (fault.kind === "lease_lost") return new LeaseLostError(fault.taskId);
  if (fault.kind === "corrupt") return new CorruptRecordError(fault.record, fault.field, fault.why);
  if (fault.kind === "invalid_change") return new InvalidChangeError(fault.message);
  if (fault.kind === "invalid_cursor") return new InvalidCursorError();
  return new StoreUnavailableError(fault.code, fault.message);
}

/** True when the database must not be used any more after this error: what it says may no longer be what is on disk. */
export function endsTheEngine(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SYNC_FAILED || primary(code) === 11 || primary(code) === 26;
}

function sqliteFault(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error);
  const code = sqliteCode(error);
  if (primary(code) === CONSTRAINT) {
    return { kind: "invalid_change", message: `the store refuses the change: ${message}` };
  }
  const known = SQLITE_FAULTS[code === SHARED_MEMORY_SIZE ? 13 : primary(code)];
  if (known === undefined) {
    const stack = error instanceof Error ? (error.stack ?? message) : message;
    return { kind: "unavailable", code: "internal", message: `the store failed unexpectedly: ${stack}` };
  }
  const [fault, advice] = known;
  return { kind: "unavailable", code: fault, message: `the store cannot be used (${message}): ${advice}` };
}

/** The extended result code of an error of `node:sqlite`; 0 when it is none. */
function sqliteCode(error: unknown): number {
  const code = error instanceof Error && "errcode" in error ? error.errcode : 0;
  return typeof code === "number" ? code : 0;
}

function primary(code: number): number {
  return code & 0xff;
}
