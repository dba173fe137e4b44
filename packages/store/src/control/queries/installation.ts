import type { Dialect } from "../dialect.ts";
import { pick, query } from "../query.ts";
import { COLUMNS, type ControlTables } from "../tables.ts";

/** Facts of the installation, and whether it can be written. */
export function installationQueries({ db }: Dialect) {
  const insert = (p: ControlTables["installation"]) =>
    db.insertInto("installation").values(pick(p, COLUMNS.installation));
  return {
    findFact: query((p: { key: string }) =>
      db.selectFrom("installation").select("value").where("key", "=", p.key),
    ),
    insertFact: query((p: ControlTables["installation"]) =>
      insert(p).onConflict((conflict) => conflict.column("key").doNothing()),
    ),
    putFact: query((p: ControlTables["installation"]) =>
      insert(p).onConflict((conflict) =>
        conflict.column("key").doUpdateSet((eb) => ({ value: eb.ref("excluded.value") })),
      ),
    ),
    probe: query(() => db.updateTable("write_probe").set((eb) => ({ writes: eb("writes", "+", eb.lit(1)) }))),
  };
}
