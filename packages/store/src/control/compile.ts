import type { CompiledControl, CompiledQuery } from "./compiled.ts";
import type { Dialect } from "./dialect.ts";
import { MIGRATIONS } from "./migrations/list.ts";
import type { Step } from "./migrations/step.ts";
import { allQueries } from "./queries/all.ts";
import { transferQueries } from "./queries/transfer.ts";
import type { Query } from "./query.ts";

/** Stands in a query where a value will be. */
const stand = (parameter: string) => ({ parameter });

/**
 * Compiles the queries and migrations for one engine. It is done ahead of time and kept in the repository: loading
 * Kysely costs 75 ms and 25 MB at every start, and no query of ours depends on more than values.
 */
export function compileControl(dialect: Dialect): CompiledControl {
  const queries: Readonly<Record<string, Query<never, unknown>>> = allQueries(dialect);
  const transfer = Object.entries(transferQueries(dialect)).map(
    ([table, { rows, insert }]) =>
      [table, { rows: compileQuery(rows), insert: compileQuery(insert) }] as const,
  );
  return {
    queries: Object.fromEntries(
      Object.entries(queries).map(([name, query]) => [name, compileQuery(query)]),
    ) as CompiledControl["queries"],
    transfer: Object.fromEntries(transfer) as CompiledControl["transfer"],
    countOn: dialect.countOn.map((step) => compileStep(step, dialect)),
    migrations: MIGRATIONS.map((migration) => migration(dialect).map((step) => compileStep(step, dialect))),
  };
}

function compileQuery<P>(query: Query<P, unknown>): CompiledQuery {
  const parameters = new Proxy({}, { get: (_, name) => stand(String(name)) }) as P;
  const { sql, parameters: values } = query.build(parameters).compile();
  return [sql, values.map((value) => nameOf(value, sql))];
}

function nameOf(value: unknown, sql: string): string {
  const name = value !== null && typeof value === "object" && "parameter" in value ? value.parameter : null;
  if (typeof name === "string") return name;
  throw new Error(
    `${String(value)} is a value inside of "${sql}"; write it as a literal, or make it a parameter`,
  );
}

function compileStep(step: Step, { db }: Dialect): string {
  const { sql, parameters } = step.compile(db);
  if (parameters.length > 0) throw new Error(`a migration has no parameters, but this one has: ${sql}`);
  return sql.replaceAll(/\s+/g, " ");
}

/** The text of `compiled/sqlite.ts` and `compiled/postgres.ts`. */
export function compiledSource(dialect: Dialect): string {
  const control = compileControl(dialect);
  const entries = (record: Readonly<Record<string, unknown>>): string =>
    Object.entries(record)
      .map(([name, value]) => `    ${name}: ${JSON.stringify(value)},\n`)
      .join("");
  const list = (statements: readonly string[], indent: string): string =>
    statements.map((statement) => `${indent}${JSON.stringify(statement)},\n`).join("");
  return `// Compiled from queries/ and migrations/ by \`npm run generate\`; not to be edited.
import type { CompiledControl } from "../compiled.ts";

export const ${dialect.engine.toUpperCase()}_CONTROL: CompiledControl = {
  queries: {
${entries(control.queries)}  },
  transfer: {
${entries(control.transfer)}  },
  countOn: [
${list(control.countOn, "    ")}  ],
  migrations: [
${control.migrations.map((steps) => `    [\n${list(steps, "      ")}    ],\n`).join("")}  ],
};
`;
}
