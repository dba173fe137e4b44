import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { lockDataFolder, type FolderLock } from "../lock.ts";
import { openConnection } from "../sqlite/engine/connection.ts";
import { createStateImport, readNewestEvent, readQueue } from "../sqlite/engine/move.ts";
import { openSqliteStore } from "../sqlite/open.ts";
import { SALT_FACT } from "../fact-names.ts";
import { importEntry } from "./audit-entries.ts";
import { readSalt, writeSalt } from "./identity.ts";
import { KINDS } from "./lines.ts";
import { MoveError, type EmbeddedPlace } from "./place.ts";
import type { CheckedFile, Import } from "./read-file.ts";
import { readControl, readState } from "./read-records.ts";
import { requireSameKinds, requireSameSummary } from "./require-same.ts";
import { syncPath } from "./sync-path.ts";
import { writeControl } from "./write-control.ts";
import type { Source } from "./write-file.ts";

const DATABASE = "mosaic.db";
/** SQLite keeps more of it here while it is open, or after a crash. */
const BESIDE = ["-wal", "-shm", "-journal"];

/** What is done with an installation on one machine, while nobody else has its folder. */
export async function withEmbeddedSource<T>(
  { home }: EmbeddedPlace,
  use: (source: Source) => Promise<T>,
): Promise<T> {
  const file = join(home, DATABASE);
  if (!existsSync(file)) throw new MoveError(`there is no installation in ${home}: it has no ${DATABASE}`);
  const lock = lockDataFolder(home);
  try {
    return await withReader({ home, file }, ({ source }) => use(source));
  } finally {
    lock.release();
  }
}

/** Puts an export into a folder that has no installation: all of it under its name, or nothing. */
export async function importEmbedded(
  { home }: EmbeddedPlace,
  { file, mover, signal }: Import,
): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const lock = lockDataFolder(home);
  const draft = join(home, `${DATABASE}.import`);
  try {
    requireNoDatabase(lock);
    await remove(draft);
    await writeState(draft, file, signal);
    await writeControl({ file: draft }, file, null);
    const salt = await saltOf(file);
    if (salt !== null) await writeSalt(home, salt);
    await withReader({ home, file: draft }, async ({ source, store }) => {
      await requireSameKinds(file.header, source.lines, KINDS);
      await requireSameSummary(file.header, await source.summary(), store);
      await store.audit.append(importEntry(mover, file));
    });
    await publish(draft, home);
  } finally {
    await remove(draft);
    lock.release();
  }
}

/** Opens a database, and reads it through the ports. */
async function withReader<T>(
  { home, file }: { readonly home: string; readonly file: string },
  use: (reader: {
    readonly source: Source;
    readonly store: Awaited<ReturnType<typeof openSqliteStore>>;
  }) => Promise<T>,
): Promise<T> {
  const salt = await readSalt(home);
  const store = await openSqliteStore({ file });
  try {
    const control = readControl({ file }, salt);
    const lines = async function* () {
      yield* control.lines();
      yield* readState(store.state);
      for (const entry of reading(file, readQueue).entries) yield { kind: "entry", entry } as const;
    };
    const summary = async () => ({
      queue: reading(file, readQueue).summary,
      newestEvent: reading(file, readNewestEvent),
      audit: control.audit(),
    });
    const source: Source = { from: "embedded", lines: lines(), summary, audit: store.audit };
    return await use({ source, store });
  } finally {
    await store.close();
  }
}

function reading<T>(file: string, read: (db: ReturnType<typeof openConnection>) => T): T {
  const db = openConnection(file, Date.now());
  try {
    return read(db);
  } finally {
    db.close();
  }
}

async function writeState(file: string, { header, lines }: CheckedFile, signal: AbortSignal): Promise<void> {
  const db = openConnection(file, Date.now());
  try {
    db.exec("BEGIN IMMEDIATE");
    const put = createStateImport(db);
    for await (const line of lines()) {
      signal.throwIfAborted();
      if (line.kind === "task") put.task(line.task);
      else if (line.kind === "agent") put.agent(line.agent);
      else if (line.kind === "event") put.event(line.event);
      else if (line.kind === "entry") put.entry(line.entry);
    }
    put.end(header.queue, header.newestEvent);
    db.exec("COMMIT");
  } finally {
    db.close();
  }
}

async function saltOf({ lines }: CheckedFile): Promise<string | null> {
  for await (const line of lines())
    if (line.kind === "installation" && line.row["key"] === SALT_FACT) return String(line.row["value"]);
  return null;
}

/** A log of another database would be read into the new one. */
function requireNoDatabase({ dir }: FolderLock): void {
  const found = ["", ...BESIDE].map((end) => DATABASE + end).filter((name) => existsSync(join(dir, name)));
  if (found.length === 0) return;
  throw new MoveError(
    `${dir} has an installation already (${found.join(", ")}), which is left as it is: move these files away together, or ` +
      "choose another folder (MOSAIC_HOME)",
  );
}

async function publish(draft: string, home: string): Promise<void> {
  const [left] = BESIDE.map((end) => draft + end).filter((name) => existsSync(name));
  if (left !== undefined) throw new MoveError(`${left} was left by SQLite: repeat the import`);
  await syncPath(draft);
  await rename(draft, join(home, DATABASE));
  await syncPath(home);
}

async function remove(file: string): Promise<void> {
  await Promise.all(["", ...BESIDE].map((end) => rm(file + end, { force: true })));
}
