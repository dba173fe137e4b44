import type { ControlPlace } from "../control/transfer/end.ts";
import { importControl } from "../control/transfer/import.ts";
import { endLine, HEADER, rowLine, type Summary } from "../control/transfer/lines.ts";
import { MOVED_TABLES, type MovedTable } from "../control/tables.ts";
import { EPOCH_FACT } from "../fact-names.ts";
import type { Line } from "./lines.ts";
import type { CheckedFile } from "./read-file.ts";

/**
 * Puts the control plane of an export into an empty place, in one transaction.
 * @param epoch of the Valkey that belongs to it from then on; null where there is none
 * @throws TransferError, StoreUnavailableError
 */
export async function writeControl(to: ControlPlace, file: CheckedFile, epoch: string | null): Promise<void> {
  await importControl(to, controlTexts(file, epoch));
}

async function* controlTexts({ header, lines }: CheckedFile, epoch: string | null): AsyncGenerator<string> {
  yield HEADER;
  if (epoch !== null) yield rowLine("installation", { key: EPOCH_FACT, value: epoch });
  let left = MOVED_TABLES.reduce((sum, table) => sum + header.kinds[table].count, 0);
  // They come first. Nothing behind them is read: PostgreSQL ends a transaction that hears nothing for seconds.
  if (left > 0)
    for await (const line of lines()) {
      if (!isControl(line)) continue;
      yield rowLine(line.kind, line.row);
      left -= 1;
      if (left === 0) break;
    }
  const counts = MOVED_TABLES.map((table): [MovedTable, number] => {
    const more = table === "installation" && epoch !== null ? 1 : 0;
    return [table, header.kinds[table].count + more];
  });
  yield endLine({ rows: Object.fromEntries(counts) as Summary["rows"], audit: header.audit });
}

function isControl(line: Line): line is Extract<Line, { readonly row: unknown }> {
  return "row" in line;
}
