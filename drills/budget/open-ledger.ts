import { join } from "node:path";
import { openPostgresStore, openSqliteStore, type UsageLedger } from "@mosaic/store";

export interface Ledger {
  readonly usage: UsageLedger;
  close(): Promise<void>;
}

/** The ledger of a folder: its own file, or what `databaseUrl` names, where it is not empty. */
export async function openLedger(folder: string, databaseUrl: string): Promise<Ledger> {
  if (databaseUrl === "") return await openSqliteStore({ file: join(folder, "mosaic.db") });
  return await openPostgresStore({ url: databaseUrl });
}
