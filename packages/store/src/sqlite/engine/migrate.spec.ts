import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreUnavailableError } from "../../store-error.ts";
import { openSqliteStore } from "../open.ts";
import { openConnection } from "./connection.ts";
import { SCHEMA_VERSION } from "./migrate.ts";

describe("the schema of the SQLite store", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mosaic-schema-"));
    file = join(folder, "mosaic.db");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function versions(): readonly unknown[] {
    const db = new DatabaseSync(file);
    const rows = db.prepare("SELECT version, applied_at FROM schema_versions").all();
    db.close();
    return rows;
  }

  it("is applied once, and its time is kept", () => {
    openConnection(file, Date.UTC(2026, 0, 1)).close();
    openConnection(file, Date.UTC(2026, 5, 1)).close();
    expect(versions()).toEqual(
      Array.from({ length: SCHEMA_VERSION }, (_, index) => ({
        version: index + 1,
        applied_at: "2026-01-01T00:00:00.000Z",
      })),
    );
  });

  it("of a newer Mosaic is refused and left alone", async () => {
    openConnection(file, 0).close();
    const db = new DatabaseSync(file);
    db.prepare("INSERT INTO schema_versions VALUES (?, ?)").run(
      SCHEMA_VERSION + 1,
      "2030-01-01T00:00:00.000Z",
    );
    db.close();
    const before = versions();

    const opening = openSqliteStore({ file });
    await expect(opening).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(opening).rejects.toMatchObject({
      code: "newer_schema",
      message: `the store has schema ${SCHEMA_VERSION + 1}, this version of Mosaic knows up to ${SCHEMA_VERSION}: start the newer Mosaic that wrote it, or restore the data folder from before the upgrade`,
    });
    expect(versions()).toEqual(before);
  });

  it("is not left half-way by a migration that fails", () => {
    const db = new DatabaseSync(file);
    db.exec("CREATE TABLE tokens (x)");
    db.close();
    expect(() => openConnection(file, 0)).toThrow(/tokens already exists/);

    const after = new DatabaseSync(file);
    const tables = after.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    after.close();
    expect(tables).toEqual([{ name: "tokens" }]);
  });

  it("is in a file that only its owner can read, as are its companions", () => {
    const db = openConnection(file, 0);
    const modes = ["", "-wal", "-shm"].map((suffix) => statSync(file + suffix).mode & 0o777);
    db.close();
    expect(modes).toEqual([0o600, 0o600, 0o600]);
  });

  it("is used with the settings that lose nothing in a power cut", () => {
    const db = openConnection(file, 0);
    const setting = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    const names = ["journal_mode", "synchronous", "foreign_keys", "busy_timeout", "fullfsync"];
    expect(names.map(setting)).toEqual(["wal", 2, 1, 5000, 1]);
    db.close();
  });
});
