import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { Finding, KnownSecret, UnreadFile } from "./port.ts";
import { UNSCANNABLE } from "./rules.ts";
import type { FromThread, ScanRequest, ThreadStart } from "./thread/message.ts";

export interface FileScannerOptions {
  /** As for `createScanner`. */
  readonly salt: string;
  readonly known?: readonly KnownSecret[];
  /** A larger file is a finding (`unscannable`); default 10 MB. */
  readonly maxFileBytes?: number;
  /** Milliseconds after which a file is given up and its thread ended; default 10,000. */
  readonly timeLimitMs?: number;
  /** The thread's own module; another one only to see what happens when it fails. */
  readonly entry?: URL;
}

/** Scans files with all engines, in a thread that is ended when a file takes too long. */
export interface FileScanner {
  /**
   * Findings of one file; files are scanned in the order they were given. Fails closed and never rejects: a file
   * that ran out of time, or ended its thread, is a finding (`unscannable`). `known` is looked for in this file only.
   */
  scan(file: UnreadFile, known?: readonly KnownSecret[]): Promise<readonly Finding[]>;
  /** Ends the thread. What still waits is `unscannable`. */
  close(): Promise<void>;
}

const DEFAULT_MAX_FILE_BYTES = 10_000_000;
const DEFAULT_TIME_LIMIT_MS = 10_000;
/** For loading the thread's modules on a busy machine. */
const START_LIMIT_MS = 60_000;
const MEMORY_MB = 512;

/** The first file starts the thread; it is kept for the next ones. */
export function createFileScanner(options: FileScannerOptions): FileScanner {
  const { salt, known = [], maxFileBytes = DEFAULT_MAX_FILE_BYTES } = options;
  const { timeLimitMs = DEFAULT_TIME_LIMIT_MS, entry = new URL("./thread/main.ts", import.meta.url) } =
    options;
  const start: ThreadStart = { salt, known, maxFileBytes, timeLimitMs };
  let thread: Promise<Worker> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  async function scanNow(file: UnreadFile, extra: readonly KnownSecret[]): Promise<readonly Finding[]> {
    if (closed) return [unscannable(salt, file)];
    try {
      const worker = await (thread ??= startThread(entry, start));
      const answer = await ask(worker, { ...file, known: extra }, timeLimitMs);
      if (answer.kind === "done") return answer.findings;
    } catch {
      // Out of time, out of memory, or the thread did not start: this file is a finding, the next gets a new thread.
      await endThread();
    }
    return [unscannable(salt, file)];
  }

  async function endThread(): Promise<void> {
    const ended = thread;
    thread = null;
    await ended?.then(
      (worker) => worker.terminate(),
      () => undefined,
    );
  }

  return {
    scan(file, extra = []) {
      const result = last.then(() => scanNow(file, extra));
      last = result;
      return result;
    },
    async close() {
      closed = true;
      await endThread();
      await last;
    },
  };
}

/** See the store's thread: Node 24.21 may free type-stripping WebAssembly twice when a thread ends (nodejs/node#66366). */
async function startThread(entry: URL, workerData: ThreadStart): Promise<Worker> {
  setFlagsFromString("--no-wasm-code-gc");
  const worker = new Worker(entry, {
    workerData,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  // A failure between two files is found by the next one: its thread does not answer.
  worker.on("error", () => undefined);
  try {
    await answerOf(worker, START_LIMIT_MS);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
  worker.unref();
  return worker;
}

async function ask(worker: Worker, request: ScanRequest, limitMs: number): Promise<FromThread> {
  worker.ref();
  try {
    const answer = answerOf(worker, limitMs);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin; a window has
    worker.postMessage(request);
    return await answer;
  } finally {
    worker.unref();
  }
}

/** The thread's next message. @throws when it ends or takes longer than `limitMs` */
function answerOf(worker: Worker, limitMs: number): Promise<FromThread> {
  const { promise, resolve, reject } = Promise.withResolvers<FromThread>();
  const clock = setTimeout(() => reject(new Error("out of time")), limitMs);
  const onExit = (): void => reject(new Error("the scanning thread ended"));
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.once("exit", onExit);
  return promise.finally(() => {
    clearTimeout(clock);
    worker.off("message", resolve);
    worker.off("error", reject);
    worker.off("exit", onExit);
  });
}

function unscannable(salt: string, { path, content }: UnreadFile): Finding {
  const hash = createHash("sha256")
    .update(`${salt}\0${UNSCANNABLE}\0`)
    .update(content ?? path);
  return { rule: UNSCANNABLE, path, line: null, fingerprint: hash.digest("hex").slice(0, 32) };
}
