import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { StoreUnavailableError } from "../store-error.ts";
import type { EngineStart, FromEngine, ToEngine } from "./engine/main.ts";
import type { Outcome } from "./engine/group-commit.ts";
import type { OperationName, Operations, Request } from "./engine/operations.ts";
import { fromFault } from "./faults.ts";

/** The way to the database, which lives in a thread of its own so that a slow disk never blocks the event loop. */
export interface EngineThread {
  /**
   * Asks the engine. Answers only after the commit that holds the request. `settle` is called with the value, in the
   * order of the commits and before anyone's promise continues; its result is the answer.
   */
  call<K extends OperationName, T>(
    op: K,
    args: Parameters<Operations[K]>,
    settle: (value: ReturnType<Operations[K]>) => T,
  ): Promise<T>;
  /** Finishes what was asked before, closes the database, ends the thread. Safe to call twice. */
  close(): Promise<void>;
}

export interface ThreadOptions extends EngineStart {
  /** The thread's own module; another one only to see what happens when it fails. */
  readonly entry?: URL;
  /** Called after the values of a committed group were settled. */
  readonly afterGroup: () => void;
}

interface Waiting {
  readonly request: Request;
  readonly settle: (value: unknown) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Node strips types with WebAssembly, in each thread anew. In Node 24.21 V8 may free a piece of that code twice when a
 * thread ends, which ends the process (nodejs/node#66366); it does not when dead WebAssembly code is kept. That is
 * next to nothing, and the flag can go with the Node that has the fix.
 */
function keepDeadWasmCode(): void {
  setFlagsFromString("--no-wasm-code-gc");
}

/** Starts the thread and opens the database. @throws StoreUnavailableError when it cannot be opened */
export async function startEngineThread(options: ThreadOptions): Promise<EngineThread> {
  const { file, now, afterGroup, entry = new URL("./engine/main.ts", import.meta.url) } = options;
  const workerData: EngineStart = { file, now };
  keepDeadWasmCode();
  const worker = new Worker(entry, { workerData, execArgv: [] });
  const waiting: Waiting[] = [];
  let outgoing: Waiting[] = [];
  let ended: StoreUnavailableError | null = null;
  let closed: Promise<void> | null = null;
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const opened = Promise.withResolvers<void>();

  function end(error: StoreUnavailableError): void {
    ended ??= error;
    opened.reject(ended);
    for (const call of [...waiting.splice(0), ...outgoing.splice(0)]) call.reject(ended);
  }

  function send(message: ToEngine): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin; a window has
    worker.postMessage(message);
  }

  function flush(): void {
    const batch = outgoing;
    outgoing = [];
    if (batch.length === 0) return;
    try {
      send(batch.map(({ request }) => request));
      waiting.push(...batch);
    } catch {
      batch.forEach(sendAlone);
    }
  }

  /** One value that cannot be copied to the thread must fail its own call, not those that travel with it. */
  function sendAlone(call: Waiting): void {
    try {
      send([call.request]);
      waiting.push(call);
    } catch (error) {
      call.reject(error as Error);
    }
  }

  function settleGroup(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      const call = waiting.shift();
      if (call === undefined) throw new Error("the store's engine answered more than it was asked");
      if (outcome.ok) call.resolve(call.settle(outcome.value));
      else call.reject(fromFault(outcome.fault));
    }
    afterGroup();
  }

  worker.on("message", (message: FromEngine) => {
    if (Array.isArray(message)) settleGroup(message);
    else if (message.open) opened.resolve();
    else opened.reject(fromFault(message.fault));
  });
  worker.on("error", (error) => end(crashed(String(error), error)));
  worker.on("exit", (code) => end(crashed(`exit code ${code}`)));

  try {
    await opened.promise;
  } catch (error) {
    await exited;
    throw error;
  }

  return {
    call(op, args, settle) {
      if (ended !== null) return Promise.reject(ended);
      return new Promise((resolve, reject) => {
        // What is asked in one turn of the event loop travels in one message.
        if (outgoing.length === 0) setImmediate(flush);
        outgoing.push({ request: { op, args }, settle, resolve, reject } as Waiting);
      });
    },
    close() {
      if (closed !== null) return closed;
      flush();
      if (ended === null) send("close");
      closed = exited;
      const error = new StoreUnavailableError("closed", "the store is closed");
      // Later calls are refused from now on; those before are still answered.
      ended ??= error;
      return closed;
    },
  };
}

function crashed(why: string, cause?: unknown): StoreUnavailableError {
  return new StoreUnavailableError(
    "crashed",
    `the store's thread ended (${why}): what was asked and not answered may or may not be recorded; restart Mosaic`,
    cause === undefined ? undefined : { cause },
  );
}
