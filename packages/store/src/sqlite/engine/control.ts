import type { DatabaseSync, StatementSync } from "node:sqlite";
import { SQLITE_CONTROL } from "../../control/compiled/sqlite.ts";
import { createControl } from "../../control/operations.ts";
import { createAsk, type PreparedQuery, type Row, type Steps } from "../../control/steps.ts";
import { CorruptRecordError } from "../../store-error.ts";

type Operation = (...args: never[]) => Steps<unknown>;
/** The operations as plain functions. */
type Run<Group> = {
  readonly [Name in keyof Group]: Group[Name] extends (...args: infer Args) => Steps<infer T>
    ? (...args: Args) => T
    : never;
};

/** The control plane's operations, to be called inside a transaction. Several statements see one state there anyway. */
export function createControlTables(db: DatabaseSync) {
  const run = createRunner(db);
  const all = <Group extends Readonly<Record<string, Operation>>>(group: Group): Run<Group> => {
    const functions = Object.entries(group).map(([name, operation]) => [
      name,
      (...args: never[]) => run(operation(...args)),
    ]);
    return Object.fromEntries(functions) as Run<Group>;
  };
  const { writes, reads, snapshots } = createControl(createAsk(SQLITE_CONTROL));
  return { writes: all(writes), reads: { ...all(reads), ...all(snapshots) } };
}

/** Runs an operation's steps one after the other, each with the statement that was prepared for it. */
function createRunner(db: DatabaseSync): <T>(steps: Steps<T>) => T {
  const prepared = new Map<PreparedQuery, StatementSync>();
  const prepare = (query: PreparedQuery): StatementSync => {
    const statement = db.prepare(query.text);
    prepared.set(query, statement);
    return statement;
  };
  return (steps) => {
    let step = steps.next();
    while (step.done !== true) {
      const { query, values } = step.value;
      const statement = prepared.get(query) ?? prepare(query);
      step = steps.next(rowsOf(statement, query, values));
    }
    return step.value;
  };
}

function rowsOf(
  statement: StatementSync,
  { name }: PreparedQuery,
  values: readonly (string | number | null)[],
): readonly Row[] {
  try {
    return statement.all(...values);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code !== "ERR_OUT_OF_RANGE") throw error;
    throw new CorruptRecordError(`a row of ${name}`, "a number", "is greater than any that was ever written");
  }
}
