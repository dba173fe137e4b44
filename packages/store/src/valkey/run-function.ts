import { IllegalTransitionError } from "@mosaic/domain";
import { NotFoundError } from "../state-store.ts";
import { CorruptRecordError, InvalidChangeError, StoreUnavailableError } from "../store-error.ts";
import { LeaseLostError } from "../task-queue.ts";
import type { Link } from "./connect.ts";
import { isUnknownFunction } from "./faults.ts";
import { functionName, LIBRARY, onlyReads, type FunctionName } from "./library.ts";

/** A part of an answer. */
export type Reply = string | number | null;

/**
 * Runs a function in the server, in one atomic step; gives what it answers.
 * @throws the errors of the state store
 */
export type RunFunction = (
  name: FunctionName,
  ...args: readonly (string | number)[]
) => Promise<readonly Reply[]>;

/** Functions on the command connection, each of which first sees that the database has this `epoch`. */
export function createRunFunction(link: Link, epoch: string): RunFunction {
  async function ask(name: FunctionName, args: readonly (string | number)[]): Promise<readonly Reply[]> {
    const { redis } = link;
    link.requireOpen();
    const call = () => redis.fcall(functionName(name), 0, epoch, ...args) as Promise<Reply[]>;
    try {
      return await call().catch(async (error: unknown) => {
        if (!isUnknownFunction(error)) throw error;
        await redis.call("FUNCTION", "LOAD", "REPLACE", LIBRARY);
        return await call();
      });
    } catch (error) {
      throw link.fault(error, { reads: onlyReads(name) });
    }
  }

  return async (name, ...args) => {
    const [kind, ...answer] = await ask(name, args);
    if (kind === "ok") return answer;
    throw problem(String(kind), answer.map(String));
  };
}

function problem(kind: string, answer: readonly string[]): Error {
  const [first = "", second = "", third = "", fourth = ""] = answer;
  if (kind === "illegal") return new IllegalTransitionError(subject(first), second, third, fourth);
  if (kind === "missing") return new NotFoundError(subject(first), second);
  if (kind === "lease") return new LeaseLostError(first);
  if (kind === "invalid") return new InvalidChangeError(first);
  if (kind === "corrupt") return new CorruptRecordError(first, second, third);
  if (kind === "emptied") return emptied(first);
  if (kind === "importing") return importing();
  return new StoreUnavailableError("internal", `a function of the store answered '${kind}'`);
}

function importing(): StoreUnavailableError {
  return new StoreUnavailableError(
    "busy",
    "an installation is being moved into this Valkey, and not all of it is there: wait for `mosaic db import`, or repeat it " +
      "when it was interrupted",
  );
}

/** @param found the epoch that is there, or nothing */
export function emptied(found: string): StoreUnavailableError {
  const what =
    found === "" ? "it holds nothing of this installation" : `it belongs to another one (${found})`;
  return new StoreUnavailableError(
    "emptied",
    `this Valkey is not the one that was used before, or it was emptied: ${what}. Its tasks are not known, so none is ` +
      "taken for gone. Point VALKEY_URL at the right server, or bring its data back (appendonly file) and restart Mosaic",
  );
}

function subject(name: string): "agent" | "task" {
  return name === "task" ? "task" : "agent";
}
