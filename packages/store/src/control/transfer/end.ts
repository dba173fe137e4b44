import type { CompiledControl, CompiledQuery } from "../compiled.ts";
import type { Row } from "../steps.ts";

/** Where an installation's control plane is: an embedded file, or a PostgreSQL. */
export type ControlPlace = { readonly file: string } | { readonly url: string };

/** One end of a move: an engine with one transaction open, which sees one state. */
export interface TransferEnd {
  readonly control: CompiledControl;
  /** The rows of a statement without parameters, a few at a time, to the last. */
  rows(text: string): AsyncIterable<Row>;
  /** The only row of a statement without parameters. */
  one(text: string): Promise<Row>;
  /** Runs a statement once for each row. */
  write(query: CompiledQuery, rows: readonly Row[]): Promise<void>;
  commit(): Promise<void>;
  /** Takes back what was not committed, and lets go. */
  close(): Promise<void>;
}

/** Of a statement that always gives one. */
export function onlyRow(rows: readonly Row[], text: string): Row {
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows instead of one: ${text}`);
  return row;
}

export type Purpose = "read" | "write";

/** A file of an export that is not whole, was changed, or does not fit where it is to go. */
export class TransferError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(`the control plane was not imported, and nothing was written: ${message}`, options);
    this.name = "TransferError";
  }
}
