import { fittingHash, START, type ChainPosition } from "../audit.ts";
import type { Row } from "../steps.ts";
import { MOVED_TABLES, type MovedTable } from "../tables.ts";
import { TransferError, type ControlPlace, type TransferEnd } from "./end.ts";
import { HEADER, readLine, type Summary } from "./lines.ts";
import { openEnd } from "./open-end.ts";

const BATCH = 500;

/** Rows that were read and are not written yet. */
interface Batch {
  table: MovedTable;
  rows: Row[];
}

/**
 * Puts an export into an empty place, in one transaction: all of it, or nothing. The audit chain is verified on the
 * way, and every table is counted at the end. @throws TransferError, StoreUnavailableError
 */
export async function importControl(
  to: ControlPlace,
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<Summary["rows"]> {
  const target = await openEnd(to, "write");
  try {
    await requireEmpty(target);
    const { summary, audit } = await putRows(target, lines);
    if (summary.audit.seq !== audit.seq || summary.audit.hash !== audit.hash)
      throw new TransferError(`audit entries after ${audit.seq} are missing in it`);
    await target.write(target.control.queries.setAuditHead, [{ ...audit }]);
    for (const statement of target.control.countOn) await target.write([statement, []], [{}]);
    for (const table of MOVED_TABLES) await requireCount(target, table, summary.rows[table]);
    await target.commit();
    return summary.rows;
  } finally {
    await target.close();
  }
}

async function putRows(
  target: TransferEnd,
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<{ readonly summary: Summary; readonly audit: ChainPosition }> {
  const batch: Batch = { table: "installation", rows: [] };
  let audit: ChainPosition = START;
  let number = 0;
  let summary: Summary | null = null;
  for await (const text of lines) {
    number += 1;
    if (number === 1) requireHeader(text);
    else if (summary !== null) throw new TransferError(`line ${number} comes after the end`);
    else {
      const line = readLine(text, number);
      if (line.kind === "end") summary = line.summary;
      else {
        if (line.table === "audit") audit = next(audit, line.row);
        if (line.table !== batch.table || batch.rows.length === BATCH) await flush(target, batch);
        batch.table = line.table;
        batch.rows.push(line.row);
      }
    }
  }
  if (summary === null) throw new TransferError("its end is missing: the file was cut off");
  await flush(target, batch);
  return { summary, audit };
}

function requireHeader(text: string): void {
  if (text !== HEADER) throw new TransferError("it is no export of a control plane that this Mosaic knows");
}

async function flush(target: TransferEnd, batch: Batch): Promise<void> {
  await target.write(target.control.transfer[batch.table].insert, batch.rows);
  batch.rows = [];
}

/** The chain after `row`. */
function next(at: ChainPosition, row: Row): ChainPosition {
  const hash = fittingHash(row, at);
  if (hash !== null) return { seq: at.seq + 1, hash };
  throw new TransferError(`audit entry ${String(row["seq"])} does not fit the one before it`);
}

/** Sums of nothing are no rows that anyone would miss: an embedded file has one from its start. */
async function requireEmpty(target: TransferEnd): Promise<void> {
  const nothing = "DELETE FROM budget_totals WHERE spent_nano = 0 AND reserved_nano = 0";
  await target.write([nothing, []], [{}]);
  for (const table of MOVED_TABLES) {
    const found = await count(target, table);
    if (found > 0)
      throw new TransferError(
        `${table} has ${found} rows there; take a new, empty place, and start nothing on it before`,
      );
  }
}

async function requireCount(target: TransferEnd, table: MovedTable, expected: number): Promise<void> {
  const found = await count(target, table);
  if (found !== expected) throw new TransferError(`${table} has ${found} rows, and its end says ${expected}`);
}

async function count(target: TransferEnd, table: MovedTable): Promise<number> {
  return Number((await target.one(`SELECT count(*) AS found FROM ${table}`))["found"]);
}
