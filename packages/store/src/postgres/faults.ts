import { DatabaseError } from "pg";
import { Undone } from "../control/steps.ts";
import {
  CorruptRecordError,
  InvalidChangeError,
  StoreUnavailableError,
  type StoreFault,
} from "../store-error.ts";

/** What an error says about the call that met it. */
export type Verdict =
  /** The connection is gone. Whether a COMMIT that was sent is done, nobody knows. */
  | { readonly kind: "lost"; readonly error: StoreUnavailableError }
  /** PostgreSQL took the transaction back because of others; it may well pass the next time. */
  | { readonly kind: "again"; readonly error: StoreUnavailableError }
  /** It was refused or taken back, and would be again. */
  | { readonly kind: "final"; readonly error: Error };

/** SQLSTATE, or its class (first two letters): postgresql.org/docs/current/errcodes-appendix.html */
const STATES: Readonly<Record<string, readonly [StoreFault, string]>> = {
  "28": ["unauthorized", "check user and password in DATABASE_URL, and the server's pg_hba.conf"],
  "42501": [
    "unauthorized",
    "the user may not do this; give it the database (ALTER DATABASE … OWNER TO …), or run `mosaic db migrate` as one who may",
  ],
  "3D000": ["cannot_open", "create the database first (createdb), or correct its name in DATABASE_URL"],
  "25006": [
    "read_only",
    "the server accepts no writes: point DATABASE_URL at the primary, and look at default_transaction_read_only (some hosts set it when the disk is nearly full)",
  ],
  "53100": ["disk_full", "the disk of the database server is full; free some space there"],
  "53300": [
    "busy",
    "the server has no connection left; raise its max_connections (each orchestrator takes up to 10)",
  ],
  "53": ["busy", "the database server is out of resources"],
  "55P03": ["busy", "another session holds a lock on the row for too long; look at pg_stat_activity"],
  "57014": ["busy", "the statement took too long and was cancelled; look at the server's load"],
  "58": ["io", "the database server has trouble with its disk; look at its log"],
  XX001: ["damaged", "the server found damaged data; restore the database from a backup"],
  XX002: ["damaged", "the server found a damaged index; REINDEX it"],
  "42P01": ["damaged", "a table is missing that the schema has; restore the database from a backup"],
  "42703": ["damaged", "a column is missing that the schema has; restore the database from a backup"],
};
/**
 * The server ends, starts, or has ended the session; the connection failed in between; or what the session has prepared
 * is not there any more, or outdated by a migration. A new connection may do.
 */
const LOST = /^(08...|57P0[1-5]|25P03|26000|0A000)$/;
/** Deadlock, serialization failure, no connection left for now. */
const AGAIN = /^(40P01|40001|53300)$/;
/** A constraint, or a value that the column's type cannot hold. */
const REFUSED = /^(23...|22...)$/;

export function judge(error: unknown, place: string): Verdict {
  if (isAnswer(error)) return { kind: "final", error };
  if (error instanceof TypeError || error instanceof RangeError) return { kind: "final", error };
  if (!(error instanceof DatabaseError)) return { kind: "lost", error: withoutServer(error, place) };
  const { code = "", message } = error;
  if (LOST.test(code)) return { kind: "lost", error: unreachable(place, message, error) };
  if (REFUSED.test(code)) {
    return {
      kind: "final",
      error: new InvalidChangeError(`the store refuses the change: ${message}`, { cause: error }),
    };
  }
  const failed = failure(code, `${message} (${code})`, { place, cause: error });
  return AGAIN.test(code) ? { kind: "again", error: failed } : { kind: "final", error: failed };
}

/** Errors that are about what was asked, or that were judged before. */
function isAnswer(error: unknown): error is Error {
  return (
    error instanceof Undone ||
    error instanceof CorruptRecordError ||
    error instanceof InvalidChangeError ||
    error instanceof StoreUnavailableError
  );
}

/** An error of the connection, of TLS, or of nobody who is known. */
function withoutServer(error: unknown, place: string): StoreUnavailableError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = error instanceof Error ? error.message || code : String(error);
  if (message.startsWith("SASL")) {
    const [fault, advice] = STATES["28"] as readonly [StoreFault, string];
    return new StoreUnavailableError(fault, `PostgreSQL ${place} refuses us (${message}): ${advice}`);
  }
  if (/CERT|TLS|SSL/.test(`${code} ${message}`)) {
    const advice =
      "sslrootcert names the file of its authority's certificate; sslmode=disable goes without encryption";
    return new StoreUnavailableError(
      "unauthorized",
      `no TLS with PostgreSQL ${place} (${message}): ${advice}`,
      {
        cause: error,
      },
    );
  }
  if (message === WAITED_IN_VAIN) {
    const why = `every connection to PostgreSQL ${place} has been in use for too long`;
    return new StoreUnavailableError("busy", `${why}: look at the server's load and at pg_stat_activity`);
  }
  return unreachable(place, message, error);
}

/** What `pg-pool` says when no connection came free in time. */
const WAITED_IN_VAIN = "timeout exceeded when trying to connect";

function unreachable(place: string, message: string, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(
    "unreachable",
    `PostgreSQL ${place} does not answer (${message}): see that it runs and can be reached, or correct DATABASE_URL`,
    { cause },
  );
}

function failure(
  code: string,
  message: string,
  { place, cause }: { readonly place: string; readonly cause: unknown },
): StoreUnavailableError {
  const known = STATES[code] ?? STATES[code.slice(0, 2)];
  const [fault, advice] = known ?? ["internal", "this is unexpected; please report it"];
  return new StoreUnavailableError(fault, `PostgreSQL ${place} cannot be used: ${message}: ${advice}`, {
    cause,
  });
}

/** After a COMMIT without an answer that could not be asked about either. */
export function outcomeUnknown(place: string, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(
    "crashed",
    `the connection to PostgreSQL ${place} was lost while it kept a change: the change may or may not be recorded`,
    { cause },
  );
}
