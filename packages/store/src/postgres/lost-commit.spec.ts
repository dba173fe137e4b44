import { errorOf, startCutProxy, usePostgres, type CutProxy } from "@mosaic/testing";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NewAuditEntry } from "../ledgers.ts";
import type { PostgresStore } from "./open.ts";

const ENTRY: NewAuditEntry = {
  at: "2026-01-01T00:00:00.000Z",
  actor: "admin",
  action: "agent.kill",
  subject: "a1",
  reason: "asked to",
  data: null,
};
/** Each COMMIT waits at its end for whoever holds the lock 7. */
const COMMITS_WAIT = `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON control_calls DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION wait()`;
const WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE '%COMMIT'";

describe("a change whose COMMIT got no answer", () => {
  const postgres = usePostgres();
  let url: string;
  let proxy: CutProxy;
  let store: PostgresStore;
  let other: Client;
  let time: number;

  beforeEach(async () => {
    url = await postgres.server.createDatabase();
    proxy = await startCutProxy({ port: postgres.server.port });
    const through = url.replace(`:${postgres.server.port}/`, `:${proxy.port}/`);
    time = 0;
    store = await postgres.open({ url: through, now: () => time });
    await postgres.server.sql(url, COMMITS_WAIT);
    other = new Client(url);
    await other.connect();
    await other.query("SELECT pg_advisory_lock(7)");
  });
  afterEach(async () => {
    await other.end();
    await store.close();
    await proxy.close();
  });

  async function waitingCommit(): Promise<number> {
    for (;;) {
      const { rows } = await other.query<{ pid: number }>(WAITING);
      if (rows[0] !== undefined) return rows[0].pid;
    }
  }

  const letGo = () => other.query("SELECT pg_advisory_unlock(7)");

  it("is found again when it was kept after all, and done once", async () => {
    const appended = store.audit.append(ENTRY);
    await waitingCommit();
    proxy.reset();
    proxy.mend();
    await letGo();
    expect(await appended).toMatchObject({ seq: 1 });
    expect(await store.audit.list(0, 10)).toEqual([await appended]);
    expect(await store.audit.verify()).toEqual({ ok: true, entries: 1 });
  });

  it("is done again when it was not kept", async () => {
    const appended = store.audit.append(ENTRY);
    const pid = await waitingCommit();
    proxy.reset();
    await other.query("SELECT pg_terminate_backend($1)", [pid]);
    proxy.mend();
    await letGo();
    expect(await appended).toMatchObject({ seq: 1 });
    expect(await store.audit.list(0, 10)).toHaveLength(1);
    expect(await store.audit.verify()).toEqual({ ok: true, entries: 1 });
  });

  it("is told apart from both when the server stays away: it may or may not be recorded", async () => {
    const appended = errorOf(store.audit.append(ENTRY));
    await waitingCommit();
    proxy.reset();
    time += 60_000;
    expect(await appended).toMatchObject({
      name: "StoreUnavailableError",
      code: "crashed",
      message: expect.stringContaining("may or may not be recorded"),
    });
    // It was, as it happens.
    await letGo();
    proxy.mend();
    expect(await store.audit.append({ ...ENTRY, subject: "a2" })).toMatchObject({ seq: 2 });
  });

  it("answers as its first attempt did: what was settled is settled, what was removed was there", async () => {
    await letGo();
    await store.tokens.put({ name: "ci", scopes: ["read"], createdAt: "" }, "hash");
    await other.query("SELECT pg_advisory_lock(7)");
    const removed = store.tokens.remove("ci");
    await waitingCommit();
    proxy.reset();
    proxy.mend();
    await letGo();
    expect(await removed).toBe(true);
    expect(await store.tokens.remove("ci")).toBe(false);
  });
});
