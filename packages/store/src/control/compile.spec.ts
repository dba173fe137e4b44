import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { SCHEMA_1 } from "../sqlite/engine/schema-1.ts";
import { SCHEMA_2 } from "../sqlite/engine/schema-2.ts";
import { SCHEMA_3 } from "../sqlite/engine/schema-3.ts";
import { compiledSource } from "./compile.ts";
import { SQLITE_CONTROL } from "./compiled/sqlite.ts";
import { POSTGRES, SQLITE } from "./dialect.ts";

describe("the control plane's SQL", () => {
  it.each([SQLITE, POSTGRES])("for $engine is what its queries and migrations compile to", (dialect) => {
    const kept = readFileSync(new URL(`./compiled/${dialect.engine}.ts`, import.meta.url), "utf8");
    // When it is not: npm run generate
    expect(kept).toBe(compiledSource(dialect));
  });

  it("creates the tables that embedded files have, column by column, and leaves those alone", () => {
    const [first = []] = SQLITE_CONTROL.migrations;
    const created = new DatabaseSync(":memory:");
    created.exec(first.join(";"));
    const released = new DatabaseSync(":memory:");
    released.exec(SCHEMA_1 + SCHEMA_2 + SCHEMA_3);
    const before = schemaOf(released);
    released.exec(first.join(";"));
    expect(schemaOf(released)).toEqual(before);

    const tables = created.prepare("SELECT name FROM pragma_table_list WHERE type = 'table'").all();
    for (const { name } of tables.filter((table) => !String(table["name"]).startsWith("sqlite_")))
      expect(columnsOf(created, String(name))).toEqual(columnsOf(released, String(name)));
    expect(tables.length).toBeGreaterThan(9);
  });
});

function schemaOf(db: DatabaseSync): readonly unknown[] {
  return db.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
}

function columnsOf(db: DatabaseSync, table: string): readonly unknown[] {
  return db
    .prepare("SELECT name, type, pk FROM pragma_table_info(?)")
    .all(table)
    .map((column) => ({ ...column }));
}
