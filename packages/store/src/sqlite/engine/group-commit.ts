import type { DatabaseSync } from "node:sqlite";
import { Undone } from "../../control/steps.ts";
import { endsTheEngine, toFault, type Fault } from "../faults.ts";
import type { createOperations, Request } from "./operations.ts";

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: Fault };
type Operation = (...args: readonly unknown[]) => unknown;

/**
 * Runs waiting requests in one transaction, so that one sync of the disk serves all of them. A request that throws
 * takes back its own writes only (`Undone` does no more than that). When the transaction itself fails, every request of the group fails, those that
 * had already run included: an outcome is a promise that the disk holds it.
 */
export function createGroupCommit(db: DatabaseSync, operations: ReturnType<typeof createOperations>) {
  const writes = new Map(Object.entries(operations.writes as unknown as Record<string, Operation>));
  const reads = new Map(Object.entries(operations.reads as unknown as Record<string, Operation>));
  const begin = { write: db.prepare("BEGIN IMMEDIATE"), read: db.prepare("BEGIN DEFERRED") };
  const commit = db.prepare("COMMIT");
  const savepoint = db.prepare("SAVEPOINT request");
  const release = db.prepare("RELEASE request");
  const rollBackTo = db.prepare("ROLLBACK TO request");
  let ended: Fault | null = null;

  function runWrite(operation: Operation, args: readonly unknown[]): Outcome {
    savepoint.run();
    try {
      const value = operation(...args);
      release.run();
      return { ok: true, value };
    } catch (error) {
      // SQLite rolls all of a transaction back by itself when the disk fails it: then the whole group has failed.
      if (!db.isTransaction || endsTheEngine(error)) throw error;
      rollBackTo.run();
      release.run();
      if (error instanceof Undone) return { ok: true, value: error.value };
      return { ok: false, fault: toFault(error) };
    }
  }

  function runRead(operation: Operation, args: readonly unknown[]): Outcome {
    try {
      return { ok: true, value: operation(...args) };
    } catch (error) {
      if (!db.isTransaction || endsTheEngine(error)) throw error;
      return { ok: false, fault: toFault(error) };
    }
  }

  function run({ op, args }: Request): Outcome {
    const write = writes.get(op);
    if (write !== undefined) return runWrite(write, args);
    const read = reads.get(op);
    if (read !== undefined) return runRead(read, args);
    throw new Error(`the engine has no operation ${op}`);
  }

  return (requests: readonly Request[]): Outcome[] => {
    if (ended !== null) return failAll(requests, ended);
    try {
      (requests.some(({ op }) => writes.has(op)) ? begin.write : begin.read).run();
      const outcomes = requests.map(run);
      commit.run();
      return outcomes;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      const fault = toFault(error);
      if (endsTheEngine(error)) ended = fault;
      return failAll(requests, fault);
    }
  };
}

function failAll(requests: readonly Request[], fault: Fault): Outcome[] {
  return requests.map(() => ({ ok: false, fault }));
}
