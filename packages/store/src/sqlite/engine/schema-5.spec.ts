import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder, type TemporaryFolder } from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { auditHash, canonicalJson, CHAIN_START } from "../../audit-chain.ts";
import { openSqliteStore } from "../open.ts";
import { SCHEMA_1 } from "./schema-1.ts";
import { SCHEMA_2 } from "./schema-2.ts";
import { SCHEMA_3 } from "./schema-3.ts";

let folder: TemporaryFolder;
let file: string;
let db: DatabaseSync;

/** A file as Mosaic left it before several orchestrators could share one. */
beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder.path, "mosaic.db");
  db = new DatabaseSync(file);
  db.exec("CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT");
  db.exec(SCHEMA_1 + SCHEMA_2 + SCHEMA_3);
  db.exec("INSERT INTO schema_versions VALUES (1, 'long ago'), (2, 'long ago'), (3, 'long ago')");
});
afterEach(() => folder.remove());

const entry = (subject: string) => {
  return { at: "2026-01-01T00:00:00.000Z", actor: "a", action: "b", subject, reason: "r", data: { subject } };
};

/** Appends as it was done then. */
function append(seq: number, previousHash: string): string {
  const { at, actor, action, subject, reason, data } = entry(`s${seq}`);
  const hash = auditHash(previousHash, seq, entry(`s${seq}`));
  const values = [at, actor, action, subject, reason, canonicalJson(data), previousHash, hash];
  db.prepare("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").run(seq, ...values);
  return hash;
}

it("goes on with the audit chain, the amounts and the tokens of an older file", async () => {
  append(2, append(1, CHAIN_START));
  db.exec(`INSERT INTO usage_entries VALUES
      (NULL, 'a1', 't1', 'q1', 'model-1', 200, 10, 20, 0, 0, 0, 0.1, '1', '2026-01-01T10:00:00.000Z', 1),
      (NULL, 'a1', 't1', 'q2', 'model-1', 200, 10, 20, 0, 0, 0, 0.000000003, '1', '2026-01-01T10:00:00.000Z', 1);
    INSERT INTO usage_by_day VALUES ('2026-01-01', 'a1', 't1', 'r1', 2, 20, 40, 0, 0, 0, 100000003);
    INSERT INTO usage_totals VALUES ('a1', 2, 20, 40, 0, 0, 0, 0.100000003);
    INSERT OR REPLACE INTO budget_totals VALUES ('instance', '', 100000003, 0);
    INSERT INTO tokens VALUES ('ci', '["read"]', '', 'hash')`);
  db.close();

  const store = await openSqliteStore({ file });
  expect(await store.audit.append(entry("s3"))).toMatchObject({ seq: 3 });
  expect(await store.audit.verify()).toEqual({ ok: true, entries: 3 });
  expect((await store.usage.totals(["a1"])).get("a1")).toMatchObject({ requests: 2, costUsd: 0.100000003 });
  expect(await store.usage.balances([{ scope: "instance", subject: "" }])).toEqual([
    { spentUsd: 0.100000003, reservedUsd: 0 },
  ]);
  expect(await store.tokens.findByHash("hash")).toMatchObject({ name: "ci" });
  await store.close();
  const after = new DatabaseSync(file);
  expect(after.prepare("SELECT nano FROM usage_entries ORDER BY id").all()).toEqual([
    { nano: 100_000_000 },
    { nano: 3 },
  ]);
  after.close();
});

it("still finds entries that were cut off before", async () => {
  append(2, append(1, CHAIN_START));
  db.exec("DROP TRIGGER audit_is_never_deleted; DELETE FROM audit WHERE seq = 2");
  db.close();
  const store = await openSqliteStore({ file });
  expect(await store.audit.verify()).toEqual({ ok: false, seq: 2 });
  await store.close();
});
