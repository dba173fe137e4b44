import { readAddress } from "../../postgres/address.ts";
import { judge } from "../../postgres/faults.ts";
import { migrateControl } from "../../postgres/migrate.ts";
import { createPool, TIMEOUTS } from "../../postgres/pool.ts";
import { requireSupported } from "../../postgres/server.ts";
import { POSTGRES_CONTROL } from "../compiled/postgres.ts";
import type { Row } from "../steps.ts";
import { onlyRow, type Purpose, type TransferEnd } from "./end.ts";

/** Rows that travel together. */
const BATCH = 500;
/** A statement of a move may look at much more than one of a request. */
const STATEMENT_MS = 10 * 60_000;

export async function openPostgresEnd(url: string, purpose: Purpose): Promise<TransferEnd> {
  const address = readAddress(url);
  // Statements are sent without waiting for the answers to those before.
  const limits = { ...TIMEOUTS, statementMs: STATEMENT_MS, size: 1, pipeline: true };
  const pool = createPool(address, limits);
  const known = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw judge(error, address.place).error;
    });
  const client = await known(pool.connect()).catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  const close = async (): Promise<void> => {
    // An open transaction ends with its connection.
    client.release(true);
    await pool.end();
  };
  const run = async (text: string, values: unknown[] = []): Promise<readonly Row[]> =>
    (await known(client.query<Row>(text, values))).rows;
  try {
    await known(requireSupported(client));
    await known(migrateControl(client));
    await run(purpose === "write" ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  } catch (error) {
    await close();
    throw error;
  }
  return {
    control: POSTGRES_CONTROL,
    async *rows(text) {
      await run(`DECLARE moved NO SCROLL CURSOR FOR ${text}`);
      for (;;) {
        const rows = await run(`FETCH ${BATCH} FROM moved`);
        yield* rows;
        if (rows.length < BATCH) break;
      }
      await run("CLOSE moved");
    },
    one: async (text) => onlyRow(await run(text), text),
    async write([text, parameters], rows) {
      await Promise.all(
        rows.map((row) =>
          run(
            text,
            parameters.map((name) => row[name]),
          ),
        ),
      );
    },
    async commit() {
      await run("COMMIT");
    },
    close,
  };
}
