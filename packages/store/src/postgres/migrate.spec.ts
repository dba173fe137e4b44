import { spawn } from "node:child_process";
import { once } from "node:events";
import { errorOf, race, usePostgres } from "@mosaic/testing";
import { Client } from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { CONTROL_SCHEMA } from "./migrate.ts";
import { migratePostgres } from "./open.ts";

const OPEN = new URL("./open.ts", import.meta.url).href;
const WAITING = `SELECT count(*) FROM pg_stat_activity
  WHERE application_name = 'mosaic' AND datname = current_database() AND wait_event_type = 'Lock'`;

describe("migrations of a PostgreSQL", () => {
  const postgres = usePostgres();

  const others: Client[] = [];
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.end()));
  });

  const tables = (url: string) =>
    postgres.server.sql(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");

  /** Another session, in whose way the migrations come: they have made some tables when they wait for this one. */
  async function inTheWay(url: string): Promise<Client> {
    const other = new Client(url);
    others.push(other);
    await other.connect();
    await other.query("BEGIN; CREATE TABLE budget_totals (x int)");
    return other;
  }

  async function waiting(url: string): Promise<void> {
    while ((await postgres.server.sql(url, WAITING)) === "0");
  }

  it("are run once, by one of many who start at once", async () => {
    const url = await postgres.server.createDatabase();
    const { won, lost } = await race(6, () => migratePostgres(url));
    expect(lost).toEqual([]);
    expect(won.filter(({ from }) => from === 0)).toHaveLength(1);
    expect(won.every(({ to }) => to === CONTROL_SCHEMA)).toBe(true);
    expect(await postgres.server.sql(url, "SELECT count(*) FROM control_schema")).toBe(
      String(CONTROL_SCHEMA),
    );
    expect(await migratePostgres(url)).toEqual({ from: CONTROL_SCHEMA, to: CONTROL_SCHEMA });
  });

  it("of a newer Mosaic are refused and left alone", async () => {
    const url = await postgres.server.createDatabase();
    await migratePostgres(url);
    await postgres.server.sql(url, `INSERT INTO control_schema (version) VALUES (${CONTROL_SCHEMA + 1})`);
    for (const start of [() => migratePostgres(url), () => postgres.open({ url })])
      expect(await errorOf(start())).toMatchObject({
        code: "newer_schema",
        message: `the database has schema ${CONTROL_SCHEMA + 1}, this version of Mosaic knows up to ${CONTROL_SCHEMA}: start the newer Mosaic that migrated it, or restore the database from before the upgrade`,
      });
  });

  it("that are killed half-way leave nothing, and the next one is not held up", async () => {
    const url = await postgres.server.createDatabase();
    const other = await inTheWay(url);
    const program = `const { migratePostgres } = await import("${OPEN}"); await migratePostgres(process.argv[1]);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program, url], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    const ended = once(child, "exit");
    await waiting(url);
    child.kill("SIGKILL");
    await ended;
    await other.query("ROLLBACK");
    expect(await migratePostgres(url)).toEqual({ from: 0, to: CONTROL_SCHEMA });
  });

  it("that fail leave the database as it was", async () => {
    const url = await postgres.server.createDatabase();
    await postgres.server.sql(url, "CREATE TABLE installation (x int); CREATE TABLE audit_head (x int)");
    expect(await errorOf(migratePostgres(url))).toMatchObject({ name: "StoreUnavailableError" });
    expect(await tables(url)).toBe("2");
  });

  it("wait for one another even longer than a statement may take", async () => {
    const url = await postgres.server.createDatabase();
    const other = await inTheWay(url);
    const opening = postgres.open({ url, timeouts: { statementMs: 100 } });
    await waiting(url);
    await other.query("SELECT pg_sleep(0.3)");
    await other.query("ROLLBACK");
    expect(await (await opening).check()).toMatchObject({ ok: true });
  });
});
