import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The kernel's lock is held on this file, which is never removed: a lock on a removed file locks nothing. */
const LOCK_FILE = "mosaic.lock";
/** Who holds it, for people, and as a second line of defence. */
const OWNER_FILE = "mosaic.lock.json";
const BUSY = 5;

export interface FolderLock {
  readonly dir: string;
  /** Gives the folder back. Safe to call twice; the end of the process does it, too. */
  release(): void;
}

interface Owner {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks from the start of the machine to that of the process. */
  readonly startTicks: number | null;
  readonly host: string;
  readonly since: string;
  /** It does not live there: it looks after what a lost process left, and goes. */
  readonly passing?: boolean;
}

/** Another process owns the data folder. `pid` is null when it did not leave its name. */
export class FolderLockedError extends Error {
  readonly dir: string;
  readonly pid: number | null;
  /** Who holds it gives it back soon by itself, or has not left its name yet: it is worth waiting a little. */
  readonly passing: boolean;

  constructor(dir: string, owner: Owner | null) {
    const who =
      owner === null ? "another process" : `process ${owner.pid} (host ${owner.host}, since ${owner.since})`;
    super(
      `the data folder ${dir} is in use by ${who}: stop it, or choose another folder (MOSAIC_HOME). ` +
        `Two processes on one folder would run every task twice`,
    );
    this.name = "FolderLockedError";
    this.dir = dir;
    this.pid = owner?.pid ?? null;
    this.passing = owner !== null && (owner.passing === true || !isStillRunning(owner));
  }
}

/**
 * Makes this process the only owner of a data folder, which must exist. The lock is the kernel's (through SQLite,
 * which Node has no other way to reach): it ends with the process however that ends, so a dead owner's lock needs no
 * taking over, and it holds across containers, where a pid says nothing. The kernel gives it up when any code of this
 * process closes the lock file, so an owner that is named beside it and still alive is believed as well.
 * @param passing the caller does not live there, and gives the folder back as soon as it has looked after it
 * @throws FolderLockedError
 */
export function lockDataFolder(dir: string, now: () => number = Date.now, passing = false): FolderLock {
  const folder = resolve(dir);
  const lockFile = join(folder, LOCK_FILE);
  const ownerFile = join(folder, OWNER_FILE);
  closeSync(openSync(lockFile, "a", 0o600));
  const db = new DatabaseSync(lockFile);
  try {
    takeKernelLock(db, folder, ownerFile);
    const former = readOwner(ownerFile);
    if (former !== null && isStillRunning(former)) throw new FolderLockedError(folder, former);
    writeOwner(ownerFile, { now: now(), passing });
  } catch (error) {
    db.close();
    throw error;
  }
  return {
    dir: folder,
    release() {
      if (!db.isOpen) return;
      rmSync(ownerFile, { force: true });
      db.close();
    },
  };
}

/** A write transaction that is never committed: SQLite holds a POSIX lock for as long as it is open. */
function takeKernelLock(db: DatabaseSync, folder: string, ownerFile: string): void {
  try {
    db.exec("BEGIN IMMEDIATE");
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== BUSY) throw error;
    throw new FolderLockedError(folder, readOwner(ownerFile));
  }
}

function writeOwner(file: string, about: { readonly now: number; readonly passing: boolean }): void {
  const { pid } = process;
  const since = new Date(about.now).toISOString();
  const { passing } = about;
  const owner: Owner = { pid, startTicks: startTicks(pid), host: hostname(), since, passing };
  const draft = `${file}.${pid}`;
  writeFileSync(draft, JSON.stringify(owner), { mode: 0o600 });
  renameSync(draft, file);
}

function readOwner(file: string): Owner | null {
  try {
    const owner = JSON.parse(readFileSync(file, "utf8")) as Owner;
    return typeof owner.pid === "number" ? owner : null;
  } catch {
    // Missing or unreadable: it only names the owner; the kernel's lock is what decides.
    return null;
  }
}

/** True only for the very process that is named: a pid alone may have been given to another one. */
function isStillRunning({ pid, startTicks: ticks, host }: Owner): boolean {
  return ticks !== null && host === hostname() && startTicks(pid) === ticks;
}

function startTicks(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets, which may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, ticks] = [fields[0], Number(fields[19])];
    // A zombie has ended: only its parent has not asked how.
    return state !== "Z" && state !== "X" && Number.isSafeInteger(ticks) ? ticks : null;
  } catch {
    // No such process, or no /proc on this system.
    return null;
  }
}
