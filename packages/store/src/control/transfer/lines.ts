import { COLUMNS, COUNTED, MOVED_TABLES, type MovedTable } from "../tables.ts";
import type { Row } from "../steps.ts";
import { TransferError } from "./end.ts";

/** Says what the lines are. */
export const HEADER = JSON.stringify({ mosaic: "control plane", format: 1 });

/** How many rows there are of each table, and the end of the audit chain. */
export interface Summary {
  readonly rows: Readonly<Record<MovedTable, number>>;
  readonly audit: { readonly seq: number; readonly hash: string };
}

export type Line =
  | { readonly kind: "row"; readonly table: MovedTable; readonly row: Row }
  | { readonly kind: "end"; readonly summary: Summary };

export const rowLine = (table: MovedTable, row: Row): string => JSON.stringify({ table, row });
export const endLine = (summary: Summary): string => JSON.stringify({ end: summary });

const NUMBERS: ReadonlySet<string> = new Set([
  ...COUNTED,
  "id",
  "status",
  "complete",
  "spent_nano",
  "reserved_nano",
  "seq",
]);

/** Reads a line after the first. @throws TransferError naming it */
export function readLine(text: string, number: number): Line {
  const value = parse(text, number);
  if ("end" in value) return { kind: "end", summary: readSummary(value.end, number) };
  const { table, row } = value;
  const known = MOVED_TABLES.find((name) => name === table);
  if (known === undefined) throw wrong(number, `is of a table ${String(table)} that Mosaic does not have`);
  if (!isRecord(row) || Object.keys(row).length !== COLUMNS[known].length || !COLUMNS[known].every(fits(row)))
    throw wrong(number, `does not have the columns of ${known}`);
  return { kind: "row", table: known, row };
}

const fits =
  (row: Row) =>
  (column: string): boolean =>
    NUMBERS.has(column) ? Number.isSafeInteger(row[column]) : typeof row[column] === "string";

function readSummary(value: unknown, number: number): Summary {
  if (isSummary(value)) return value;
  throw wrong(number, "is not the end of an export");
}

function isSummary(value: unknown): value is Summary {
  if (!isRecord(value)) return false;
  const { rows, audit } = value;
  if (!isRecord(rows) || !isRecord(audit)) return false;
  const counted = MOVED_TABLES.every((table) => Number.isSafeInteger(rows[table]));
  return counted && Number.isSafeInteger(audit["seq"]) && typeof audit["hash"] === "string";
}

function parse(text: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw wrong(number, "is no JSON object; the file was cut off or changed");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function wrong(number: number, why: string): TransferError {
  return new TransferError(`line ${number} ${why}`);
}
