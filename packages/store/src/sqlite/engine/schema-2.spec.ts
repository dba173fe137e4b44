import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openSqliteStore } from "../open.ts";
import { SCHEMA_1 } from "./schema-1.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mosaic-schema-2-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("counts what was spent before there were budgets", async () => {
  const file = join(folder, "mosaic.db");
  const db = new DatabaseSync(file);
  db.exec("CREATE TABLE schema_versions (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT");
  db.exec(`${SCHEMA_1}; INSERT INTO schema_versions VALUES (1, 'long ago')`);
  const entry = db.prepare(
    "INSERT INTO usage_entries VALUES (NULL, ?, 't1', ?, 'model-1', 200, 10, 20, 0, 0, 0, 0.1, '1', ?, 1)",
  );
  entry.run("a1", "r1", "2026-01-01T10:00:00.000Z");
  entry.run("a1", "r2", "2026-01-02T10:00:00.000Z");
  entry.run("a2", "r3", "2026-01-02T11:00:00.000Z");
  db.close();

  const store = await openSqliteStore({ file });
  const spent = await store.usage.balances([
    { scope: "agent", subject: "a1" },
    { scope: "task", subject: "t1" },
    { scope: "day", subject: "2026-01-02" },
    { scope: "instance", subject: "" },
  ]);
  expect(spent.map(({ spentUsd }) => spentUsd)).toEqual([0.2, 0.3, 0.2, 0.3]);
  const days = await store.usage.sums({ by: "day", since: null, limit: 10 });
  expect(days.items).toMatchObject([
    { subject: "2026-01-02", requests: 2, outputTokens: 40, costUsd: 0.2 },
    { subject: "2026-01-01", requests: 1, outputTokens: 20, costUsd: 0.1 },
  ]);
  await store.close();
});
