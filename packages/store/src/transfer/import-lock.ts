import { readAddress } from "../postgres/address.ts";
import { judge } from "../postgres/faults.ts";
import { createPool, TIMEOUTS } from "../postgres/pool.ts";
import { StoreUnavailableError } from "../store-error.ts";
import { MoveError } from "./place.ts";

/** One lock for all who import into this database; the number is "import" as six letters. */
const LOCK = "SELECT pg_advisory_lock(115910930526836)";
/** The server notices a little later that whoever had the lock was killed. */
const PATIENCE_MS = 5000;

/**
 * Keeps others from importing into a PostgreSQL until it is let go, or this process ends.
 * @throws MoveError when somebody else has it; StoreUnavailableError
 */
export async function lockImport(databaseUrl: string): Promise<() => Promise<void>> {
  const address = readAddress(databaseUrl);
  const pool = createPool(address, { ...TIMEOUTS, statementMs: PATIENCE_MS, size: 1 });
  try {
    const client = await pool.connect();
    try {
      await client.query(LOCK);
    } catch (error) {
      client.release(true);
      throw error;
    }
    return async () => {
      client.release(true);
      await pool.end();
    };
  } catch (error) {
    await pool.end();
    const known = judge(error, address.place).error;
    if (known instanceof StoreUnavailableError && known.code === "busy")
      throw new MoveError(`another import into the PostgreSQL at ${address.place} is running: wait for it`, {
        cause: known,
      });
    throw known;
  }
}
