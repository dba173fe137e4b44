import type { CreateTableBuilder, Kysely, RawBuilder } from "kysely";
import type { Dialect } from "../dialect.ts";
import type { ControlTables } from "../tables.ts";

/** One statement of a migration: a builder of Kysely, or its `sql`. It has no parameters. */
export interface Step {
  compile(db: Kysely<ControlTables>): { readonly sql: string; readonly parameters: readonly unknown[] };
}

type Table = CreateTableBuilder<string, string>;
type Columns = Readonly<Record<string, keyof Dialect["types"] | RawBuilder<unknown>>>;

/** Creates tables that are not there yet. A column that is named by its type only is never null. */
export function tableCreator({ db, types }: Dialect): (name: string, columns: Columns) => Table {
  return (name, columns) => {
    let table: Table = db.schema.createTable(name).ifNotExists();
    for (const [column, type] of Object.entries(columns)) {
      table =
        typeof type === "string"
          ? table.addColumn(column, types[type], (definition) => definition.notNull())
          : table.addColumn(column, type);
    }
    return table;
  };
}
