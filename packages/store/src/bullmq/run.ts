import type { Link } from "../valkey/connect.ts";
import { isUnknownFunction } from "../valkey/faults.ts";
import { toQueueError } from "./faults.ts";
import { buildLibrary, type Operation } from "./library.ts";

/** Runs one operation in one atomic step of the server. @throws StoreUnavailableError, CorruptRecordError */
export type RunOperation = (operation: Operation, args: readonly (string | number)[]) => Promise<unknown>;

const READS: ReadonlySet<Operation> = new Set(["missing", "counts", "nextDue"]);

export async function createRun(link: Link): Promise<RunOperation> {
  const { redis } = link;
  const { text, functionName } = await buildLibrary();
  return async (operation, args) => {
    const call = () => redis.fcall(functionName(operation), 0, ...args);
    try {
      return await call().catch(async (error: unknown) => {
        if (!isUnknownFunction(error)) throw error;
        await redis.call("FUNCTION", "LOAD", "REPLACE", text);
        return await call();
      });
    } catch (error) {
      throw toQueueError(error, link, READS.has(operation));
    }
  };
}
