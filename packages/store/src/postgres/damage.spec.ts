import { errorOf, reservation, usePostgres } from "@mosaic/testing";
import { beforeEach, describe, expect, it } from "vitest";
import type { NewAuditEntry } from "../ledgers.ts";
import { CorruptRecordError } from "../store-error.ts";
import type { PostgresStore } from "./open.ts";

const AT = "2026-01-01T00:00:00.000Z";

describe("the control plane, when something else has written to its PostgreSQL", () => {
  const postgres = usePostgres();
  let url: string;
  let store: PostgresStore;

  beforeEach(async () => {
    url = await postgres.server.createDatabase();
    store = await postgres.open({ url });
  });

  const tamper = (sql: string) => postgres.server.sql(url, sql);

  it("names the row and the column that it cannot read", async () => {
    await store.tokens.put({ name: "ci", scopes: ["read"], createdAt: AT }, "hash");
    await store.usage.reserve(reservation("r1"), {});
    await store.usage.reserve(reservation("r2", { owner: "other" }), {});
    await tamper(`UPDATE tokens SET scopes = 'admin';
      UPDATE budget_totals SET spent_nano = 9223372036854775807 WHERE scope = 'agent';
      UPDATE usage_reservations SET reservation = '{}' WHERE reservation_id = 'r1';
      UPDATE usage_reservations SET reservation = 'null' WHERE reservation_id = 'r2'`);
    const reads = [
      [() => store.tokens.findByHash("hash"), "token ci", "scopes"],
      [() => store.tokens.list(), "token ci", "scopes"],
      [() => store.usage.balances([{ scope: "agent", subject: "a1" }]), "budget agent a1", "spent_nano"],
      [() => store.usage.settleAbandoned("instance-1", AT), "reservation r1", "reservation"],
      [() => store.usage.settleAbandoned("other", AT), "reservation r2", "reservation"],
    ] as const;
    for (const [read, record, field] of reads) {
      const error = await errorOf(read());
      expect(error).toBeInstanceOf(CorruptRecordError);
      expect(error).toMatchObject({ record, field });
    }
    expect(await store.usage.balances([{ scope: "task", subject: "t1" }])).toEqual([
      { spentUsd: 0, reservedUsd: 1 },
    ]);
  });

  it("says that a table or a column is missing", async () => {
    await tamper("ALTER TABLE tokens DROP COLUMN scopes; DROP TABLE installation");
    for (const call of [() => store.tokens.list(), () => store.facts.get("x")])
      expect(await errorOf(call())).toMatchObject({ name: "StoreUnavailableError", code: "damaged" });
  });

  describe("to its audit log", () => {
    const entry = (subject: string): NewAuditEntry => ({
      at: AT,
      actor: "admin",
      action: "agent.kill",
      subject,
      reason: "asked to",
      data: { what: subject },
    });
    const unguard = "ALTER TABLE audit DISABLE TRIGGER USER;";

    beforeEach(async () => {
      for (const subject of ["a1", "a2", "a3", "a4"]) await store.audit.append(entry(subject));
    });

    it.each(["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit WHERE seq = 2", "TRUNCATE audit"])(
      "keeps SQL from changing it: %s",
      async (sql) => {
        await expect(tamper(sql)).rejects.toThrow(/append-only/);
        expect(await store.audit.verify()).toEqual({ ok: true, entries: 4 });
      },
    );

    it.each([
      ["a changed field", "UPDATE audit SET actor = 'nobody' WHERE seq = 2", 2],
      ["changed data", `UPDATE audit SET data = '{"what":"else"}' WHERE seq = 3`, 3],
      ["data that is no JSON", "UPDATE audit SET data = '{' WHERE seq = 3", 3],
      ["a changed hash", `UPDATE audit SET hash = '${"0".repeat(64)}' WHERE seq = 2`, 2],
      ["a missing entry", "DELETE FROM audit WHERE seq = 2", 3],
      ["a missing first entry", "DELETE FROM audit WHERE seq = 1", 2],
      ["entries cut off the end", "DELETE FROM audit WHERE seq > 2", 3],
      ["all entries gone", "TRUNCATE audit", 1],
      ["another end", "UPDATE audit_head SET hash = 'else'", 5],
      ["no end", "DELETE FROM audit_head", 5],
    ])("finds %s and names the first entry that does not fit", async (_, sql, seq) => {
      await tamper(unguard + sql);
      expect(await store.audit.verify()).toEqual({ ok: false, seq });
    });
  });
});
