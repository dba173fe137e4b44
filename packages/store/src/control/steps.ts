import type { CompiledControl, CompiledQuery } from "./compiled.ts";
import type { Questions } from "./queries/all.ts";

export type Value = string | number | null;
export type Row = Readonly<Record<string, unknown>>;

/** One question to the database. `query` is the same object each time, so that engines can keep what they prepare. */
export interface Statement {
  readonly query: PreparedQuery;
  readonly values: readonly Value[];
}

export interface PreparedQuery {
  readonly name: string;
  readonly text: string;
}

/**
 * An operation as its statements, one after the other: each engine runs them in its own way, in one transaction, and
 * gives back the rows. It may be run again from the start.
 */
export type Steps<T> = Generator<Statement, T, readonly Row[]>;

/**
 * Thrown by an operation that has changed its mind: all that it wrote is taken back, and `value` is its answer. It is
 * no failure.
 */
export class Undone extends Error {
  readonly value: unknown;

  constructor(value: unknown) {
    super("what was written is taken back");
    this.name = "Undone";
    this.value = value;
  }
}

/** The columns are known; what is in them is to be read with care. */
type Columns<R> = { readonly [Column in keyof R]: unknown };

/** Every query of the control plane, as a step of an operation: `const rows = yield* ask.findToken({ hash })`. */
export type Ask = {
  readonly [Name in keyof Questions]: (
    ...parameters: Parameters<Questions[Name]>
  ) => Steps<readonly Columns<ReturnType<Questions[Name]>>[]>;
};

/** The queries as they were compiled for one engine. */
export function createAsk({ queries }: CompiledControl): Ask {
  const bound = Object.entries(queries).map(([name, compiled]) => [name, bind(name, compiled)]);
  return Object.fromEntries(bound) as Ask;
}

function bind(name: string, [text, parameters]: CompiledQuery): (given?: Row) => Steps<readonly Row[]> {
  const query: PreparedQuery = { name, text };
  return function* ask(given = {}) {
    return yield { query, values: parameters.map((parameter) => given[parameter] as Value) };
  };
}
