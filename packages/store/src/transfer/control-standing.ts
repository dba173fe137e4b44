import { MOVED_TABLES } from "../control/tables.ts";
import { openEnd } from "../control/transfer/open-end.ts";
import { EPOCH_FACT } from "../fact-names.ts";
import { readAddress } from "../postgres/address.ts";

/** What a PostgreSQL says of the installation in it. */
export interface ControlStanding {
  /** `db.example:5432/mosaic` */
  readonly place: string;
  /** Of the Valkey that belongs to it; null when it has none. */
  readonly epoch: string | null;
  /** `tokens: 3 rows`, of the first table that has any. */
  readonly occupied: string | null;
}

/** Brings it to the newest schema, and looks. @throws StoreUnavailableError */
export async function lookAtControl(databaseUrl: string): Promise<ControlStanding> {
  const end = await openEnd({ url: databaseUrl }, "read");
  try {
    const { value } = await end.one(
      `SELECT max(value) AS value FROM installation WHERE key = '${EPOCH_FACT}'`,
    );
    let occupied: string | null = null;
    for (const table of MOVED_TABLES) {
      const { found } = await end.one(`SELECT count(*) AS found FROM ${table}`);
      if (occupied === null && Number(found) > 0) occupied = `${table}: ${Number(found)} rows`;
    }
    const epoch = typeof value === "string" ? value : null;
    return { place: readAddress(databaseUrl).place, epoch, occupied };
  } finally {
    await end.close();
  }
}
