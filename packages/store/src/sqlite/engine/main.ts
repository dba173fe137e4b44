import type { DatabaseSync } from "node:sqlite";
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from "node:worker_threads";
import { toFault, type Fault } from "../faults.ts";
import { openConnection } from "./connection.ts";
import { createGroupCommit, type Outcome } from "./group-commit.ts";
import { createOperations, type Request } from "./operations.ts";

/** What the thread is started with. `now` is milliseconds since the epoch. */
export interface EngineStart {
  readonly file: string;
  readonly now: number;
}

/** Requests in the order they were made, or the wish to end. */
export type ToEngine = readonly Request[] | "close";

/** First whether the database could be opened; then the outcomes of requests, in the order of the requests. */
export type FromEngine =
  | { readonly open: true }
  | { readonly open: false; readonly fault: Fault }
  | Outcome[];

/** Requests in one transaction: what one caller waits for another is bounded by this. */
const MAX_GROUP = 1000;

/** Takes in what is waiting, commits it in groups, and answers each group after its commit. */
function serve(port: MessagePort, db: DatabaseSync): void {
  const commitGroup = createGroupCommit(db, createOperations(db));
  port.on("message", (first: ToEngine) => {
    const waiting: Request[] = [];
    let closing = false;
    for (let message: ToEngine | undefined = first; message !== undefined; message = next(port)) {
      if (message === "close") closing = true;
      else waiting.push(...message);
    }
    for (let from = 0; from < waiting.length; from += MAX_GROUP) {
      answer(port, commitGroup(waiting.slice(from, from + MAX_GROUP)));
    }
    if (!closing) return;
    db.close();
    port.close();
  });
}

function next(port: MessagePort): ToEngine | undefined {
  return receiveMessageOnPort(port)?.message as ToEngine | undefined;
}

function answer(port: MessagePort, message: FromEngine): void {
  port.postMessage(message);
}

function start(port: MessagePort, { file, now }: EngineStart): void {
  try {
    serve(port, openConnection(file, now));
    answer(port, { open: true });
  } catch (error) {
    answer(port, { open: false, fault: toFault(error) });
    port.close();
  }
}

if (parentPort === null) throw new Error("the engine runs in a worker thread, started by openSqliteStore()");
start(parentPort, workerData as EngineStart);
