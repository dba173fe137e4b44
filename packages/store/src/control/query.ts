import type { Compilable } from "kysely";

/** A query with named parameters `P` that gives rows `R`. It is compiled ahead of time (`compile.ts`). */
export interface Query<P, R> {
  readonly build: (parameters: P) => Compilable<R>;
}

/** Names the type of a query's parameters in one place: `query((p: { hash: string }) => db.selectFrom(…))`. */
export function query<P, R>(build: (parameters: P) => Compilable<R>): Query<P, R> {
  return { build };
}

/** Those of `parameters` that are called `names`, as the values of an INSERT. */
export function pick<P, K extends keyof P>(parameters: P, names: readonly K[]): Pick<P, K> {
  return Object.fromEntries(names.map((name) => [name, parameters[name]])) as Pick<P, K>;
}
