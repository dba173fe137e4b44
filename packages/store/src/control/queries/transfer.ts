import type { Dialect } from "../dialect.ts";
import { pick, query, type Query } from "../query.ts";
import { COLUMNS, KEYS, MOVED_TABLES, type MovedTable } from "../tables.ts";

type AnyRow = Readonly<Record<string, unknown>>;

/** What moves an installation from one engine to another: every row of a table, in the order of its key, and back. */
export interface Transfer {
  readonly rows: Query<unknown, AnyRow>;
  readonly insert: Query<AnyRow, unknown>;
}

export function transferQueries(dialect: Dialect): Readonly<Record<MovedTable, Transfer>> {
  // One text for all tables: which columns each has is in `COLUMNS`, not in a type.
  const db = dialect.db.$omitTables<MovedTable>().$extendTables<Record<MovedTable, AnyRow>>();
  const of = (table: MovedTable): Transfer => ({
    rows: query(() => {
      const rows = db.selectFrom(table).select(COLUMNS[table]);
      return KEYS[table].reduce((ordered, column) => ordered.orderBy(column), rows);
    }),
    insert: query((p) => db.insertInto(table).values(pick(p, COLUMNS[table]))),
  });
  return Object.fromEntries(MOVED_TABLES.map((table) => [table, of(table)])) as Record<MovedTable, Transfer>;
}
