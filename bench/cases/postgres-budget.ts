import { NO_USAGE } from "@mosaic/domain";
import type { Reservation, Store, UsageEntry } from "@mosaic/store";
import { Pool } from "pg";
import { type BenchCase, inParallel, median, timed } from "../measure.ts";
import { withServers } from "../servers.ts";

const REQUESTS = 500;
const CALLERS = 10;
const ROUNDS = 5;
const AMOUNT = 1_000_000;

/** A row, and a sum that everybody adds to: what any ledger with one limit must write, in one transaction. */
async function bareTransaction(pool: Pool, id: string): Promise<void> {
  const client = await pool.connect();
  await client.query("BEGIN");
  await client.query({ name: "insert", text: "INSERT INTO bare_rows VALUES ($1, $2)", values: [id, AMOUNT] });
  await client.query({ name: "update", text: "UPDATE bare_sum SET nano = nano + $1", values: [AMOUNT] });
  await client.query("COMMIT");
  client.release();
}

async function request({ usage }: Store, id: string): Promise<void> {
  const at = new Date().toISOString();
  const about = { agentId: `agent-${id}`, taskId: `task-${id}`, model: "model", priceVersion: "1", at };
  const reservation: Reservation = {
    ...about,
    reservationId: id,
    owner: "bench",
    repository: "/srv/repository",
    usage: NO_USAGE,
    costUsd: 0.001,
  };
  const entry: UsageEntry = {
    ...NO_USAGE,
    ...about,
    requestId: id,
    status: 200,
    costUsd: 0.001,
    complete: true,
  };
  const outcome = await usage.reserve(reservation, { instance: 1_000_000, day: 1_000_000 });
  if (outcome.kind !== "reserved" || !(await usage.settle(id, entry))) throw new Error("was not settled");
}

export const postgresBudget: BenchCase = {
  name: "postgres-budget",
  run: () =>
    withServers(async (servers) => {
      const store = await servers.open();
      const pool = new Pool({ connectionString: servers.databaseUrl, max: CALLERS });
      await pool.query("CREATE TABLE bare_rows (id text PRIMARY KEY, nano bigint NOT NULL)");
      await pool.query("CREATE TABLE bare_sum AS SELECT 0::bigint AS nano");
      const perSecond = async (pass: (id: string) => Promise<void>, round: number): Promise<number> => {
        const all = (): Promise<void> => inParallel(REQUESTS, CALLERS, (index) => pass(`${round}-${index}`));
        return (REQUESTS / (await timed(all))) * 1000;
      };
      const floors: number[] = [];
      const rates: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        // Two, as a request is reserved in one transaction and settled in another.
        const twice = async (id: string): Promise<void> => {
          await bareTransaction(pool, `${id}-a`);
          await bareTransaction(pool, `${id}-b`);
        };
        floors.push(await perSecond(twice, round));
        rates.push(await perSecond((id) => request(store, id), round));
      }
      await pool.end();
      return [
        {
          what: "postgres: reserve and settle, 10 callers (floor: 2 bare commits)",
          value: median(rates),
          unit: "requests/s",
          floor: median(floors),
          bar: null,
        },
      ];
    }),
};
