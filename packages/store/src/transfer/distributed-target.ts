import { randomUUID } from "node:crypto";
import { createQueueImport } from "../bullmq/move.ts";
import { createBullQueue } from "../bullmq/open.ts";
import { TransferError } from "../control/transfer/end.ts";
import { MOVED_TABLES } from "../control/tables.ts";
import { EPOCH_FACT } from "../fact-names.ts";
import { openPostgresStore } from "../postgres/open.ts";
import type { EntryRecord } from "../queue-snapshot.ts";
import { connect, type Link } from "../valkey/connect.ts";
import {
  abandonImport,
  beginImport,
  finishImport,
  lookAt,
  type ImportMarker,
  type Standing,
} from "../valkey/import-marker.ts";
import { createStateImport } from "../valkey/import-state.ts";
import { inspect } from "../valkey/inspect.ts";
import { createRunFunction } from "../valkey/run-function.ts";
import { createStateStore } from "../valkey/state-store.ts";
import { importEntry, isImportOf } from "./audit-entries.ts";
import { lookAtControl, type ControlStanding } from "./control-standing.ts";
import { lockImport } from "./import-lock.ts";
import { MoveError, type DistributedPlace } from "./place.ts";
import type { CheckedFile, Import } from "./read-file.ts";
import { readControl } from "./read-records.ts";
import { readValkey, readValkeySummary } from "./read-valkey.ts";
import { requireSameKinds, requireSameSummary } from "./require-same.ts";
import { writeControl } from "./write-control.ts";

const STATE_KINDS = ["task", "agent", "event", "entry"] as const;

/** What is to be put where. */
interface Work extends Import {
  readonly databaseUrl: string;
  readonly link: Link;
}

/**
 * Puts an export into a PostgreSQL and a Valkey that are empty. Valkey is written under a marker that keeps everybody from
 * beginning on it; PostgreSQL in one transaction; then both are read back, and the marker goes. When it was interrupted, the
 * same call begins anew, or, after that transaction, goes on.
 */
export async function importDistributed(
  { valkeyUrl, valkeyCa, databaseUrl }: DistributedPlace,
  what: Import,
): Promise<void> {
  const opened = new AsyncDisposableStack();
  try {
    opened.defer(await lockImport(databaseUrl));
    const link = await connect({ url: valkeyUrl, ca: valkeyCa, clientName: "mosaic-db" });
    opened.defer(() => link.close());
    await inspect(link);
    await importInto({ ...what, databaseUrl, link });
  } finally {
    await opened.disposeAsync();
  }
}

async function importInto(work: Work): Promise<void> {
  const { databaseUrl, link, file } = work;
  const control = await lookAtControl(databaseUrl);
  const seen = await lookAt(link);
  let marker = toFinish(control, seen, file);
  if (marker === null) {
    requireEmpty(control, seen, link.server);
    marker = { epoch: randomUUID(), sha256: file.sha256 };
    await writeBoth(work, seen, marker);
  } else await requireSameState(work, marker);
  await requireSameRest(work, marker);
  await finishImport(link, marker);
}

/** Leaves Valkey empty again when PostgreSQL has nothing, as far as that is known. */
async function writeBoth(work: Work, seen: Standing, marker: ImportMarker): Promise<void> {
  const { databaseUrl, link, file } = work;
  await beginImport(link, seen, marker);
  let undecided = false;
  try {
    await writeState(work, marker);
    await requireSameState(work, marker);
    undecided = true;
    await writeControl({ url: databaseUrl }, file, marker.epoch);
  } catch (error) {
    // After any other error of PostgreSQL nobody knows whether it has all or nothing: a repetition finds out.
    if (!undecided || error instanceof TransferError) {
      // What cannot be emptied now is emptied by a repetition, too. The first error is what people have to know.
      await abandonImport(link, marker).catch(() => undefined);
    }
    throw error;
  }
}

/** The marker of an import that has only to be finished. @throws MoveError when that was of another file */
function toFinish(
  { epoch }: ControlStanding,
  { importing }: Standing,
  file: CheckedFile,
): ImportMarker | null {
  if (importing === null || importing.epoch !== epoch) return null;
  if (importing.sha256 === file.sha256) return importing;
  throw new MoveError(
    "an import of another file was interrupted here just before its end: repeat it with that file, or take an empty " +
      "Valkey and an empty PostgreSQL",
  );
}

function requireEmpty({ place, occupied }: ControlStanding, seen: Standing, server: string): void {
  if (occupied !== null)
    throw new MoveError(
      `the PostgreSQL at ${place} is not empty (${occupied}): take a new database, and start nothing on it before`,
    );
  if (seen.importing === null && seen.anyKey !== null)
    throw new MoveError(
      `the ${server} is not empty (${seen.anyKey}): take an empty database of it, and start nothing on it before`,
    );
}

async function writeState({ link, file, signal }: Work, marker: ImportMarker): Promise<void> {
  const state = createStateImport(link, marker);
  const entries: EntryRecord[] = [];
  for await (const line of file.lines()) {
    signal.throwIfAborted();
    if (line.kind === "task") await state.task(line.task);
    else if (line.kind === "agent") await state.agent(line.agent);
    else if (line.kind === "event") await state.event(line.event);
    else if (line.kind === "entry") entries.push(line.entry);
  }
  await state.end(file.header.newestEvent);
  const queue = await createQueueImport(link, marker.epoch);
  await queue.entries(entries);
  await queue.end(file.header.queue);
}

async function requireSameState({ link, file }: Work, { epoch }: ImportMarker): Promise<void> {
  const state = createStateStore(createRunFunction(link, epoch), {
    subscribe: () => () => undefined,
    noteNewest: () => undefined,
    onOrder: () => () => undefined,
    close: async () => undefined,
  });
  await requireSameKinds(file.header, readValkey(state, link), STATE_KINDS);
}

/** Compares what is no state, and audits the import; what a former call has audited, it has compared before. */
async function requireSameRest(
  { link, databaseUrl, file, mover }: Work,
  { epoch }: ImportMarker,
): Promise<void> {
  const opened = new AsyncDisposableStack();
  try {
    const postgres = await openPostgresStore({ url: databaseUrl, poolSize: 1 });
    opened.defer(() => postgres.close());
    const [next] = await postgres.audit.list(file.header.audit.seq, 1);
    if (isImportOf(file, next)) return;
    const control = readControl({ url: databaseUrl }, null);
    await requireSameKinds(file.header, control.lines(), MOVED_TABLES);
    const bull = await createBullQueue({ link, epoch, onListenerError: () => undefined });
    opened.defer(() => bull.close());
    if ((await postgres.facts.get(EPOCH_FACT)) !== epoch)
      throw new MoveError(
        "the PostgreSQL of DATABASE_URL was changed while the installation was moved into it",
      );
    const summary = { ...(await readValkeySummary(link)), audit: control.audit() };
    await requireSameSummary(file.header, summary, { audit: postgres.audit, queue: bull.queue });
    await postgres.audit.append(importEntry(mover, file));
  } finally {
    await opened.disposeAsync();
  }
}
