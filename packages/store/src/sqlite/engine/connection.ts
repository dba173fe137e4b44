import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { StoreUnavailableError } from "../../store-error.ts";
import { migrate } from "./migrate.ts";

/** How long another program that holds the write lock (a person with a SQLite shell) is waited for. */
const BUSY_MS = 5000;

/**
 * FULL syncs the log at each commit: the setting that loses nothing that was acknowledged in a power cut (research
 * note "queue, state", 3.2). The two `fullfsync` make that true on macOS, too. The size limit gives space back after
 * a burst; 16 MB of cache hold the hot pages of a large event log.
 */
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA checkpoint_fullfsync = ON;
  PRAGMA foreign_keys = ON;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA cache_size = -16384;
  PRAGMA temp_store = MEMORY;
`;

/**
 * Opens (or creates, readable by its owner only) the database and brings it to the newest schema.
 * @throws StoreUnavailableError
 */
export function openConnection(file: string, now: number): DatabaseSync {
  createPrivately(file);
  const db = new DatabaseSync(file, { timeout: BUSY_MS, defensive: true });
  try {
    db.exec(PRAGMAS);
    requireDurable(db);
    migrate(db, now);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite would create it readable by everyone. Its -wal and -shm files get the same mode as the file. */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, "a", 0o600));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const readOnly = code === "EROFS" || code === "EACCES" || code === "EPERM";
    throw new StoreUnavailableError(
      readOnly ? "read_only" : "cannot_open",
      `the store ${file} cannot be opened for writing (${message}): ` +
        `its folder must exist, be writable, and belong to the user that runs Mosaic`,
    );
  }
}

/** A file system may refuse the log (some network shares do); SQLite then goes on without it, silently. */
function requireDurable(db: DatabaseSync): void {
  const journal = db.prepare("PRAGMA journal_mode").get()?.["journal_mode"];
  const synchronous = db.prepare("PRAGMA synchronous").get()?.["synchronous"];
  if (journal === "wal" && synchronous === 2) return;
  throw new StoreUnavailableError(
    "cannot_open",
    `the file system does not support SQLite's write-ahead log (journal mode ${String(journal)}): ` +
      `keep the data folder on a local disk`,
  );
}
