import { parentPort, workerData } from "node:worker_threads";
import type { KnownSecret, SecretScanner } from "../port.ts";
import { createDeepScan, createScanner } from "../scanner.ts";
import { secretlint } from "../secretlint.ts";
import type { FromThread, ScanRequest, ThreadStart } from "./message.ts";

// A thread that scans one file after the other. Whoever started it ends it when it takes too long.

const start = workerData as ThreadStart;
const scanDeep = createDeepScan(start, [secretlint]);
const port = parentPort;
if (port === null) throw new Error("this module is the entry of a thread");

/** The files of one change come one after the other, with the same values. */
let last: { readonly values: string; readonly scanner: SecretScanner } | null = null;

function scannerOf(known: readonly KnownSecret[]): SecretScanner {
  const values = JSON.stringify(known);
  if (last?.values !== values) last = { values, scanner: createScanner({ ...start, known, rules: [] }) };
  return last.scanner;
}

function scanKnown(known: readonly KnownSecret[], path: string, content: Buffer | null) {
  if (known.length === 0 || content === null) return [];
  const found = scannerOf(known).scan({ path, content });
  return found.filter(({ rule }) => rule.startsWith("known:"));
}

async function scan({ path, content, known }: ScanRequest): Promise<FromThread> {
  const bytes = content === null ? null : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  try {
    const deep = await scanDeep({ path, content: bytes });
    return { kind: "done", findings: [...scanKnown(known, path, bytes), ...deep] };
  } catch (error) {
    return { kind: "failed", why: error instanceof Error ? error.name : typeof error };
  }
}

const answer = (message: FromThread): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin; a window has
  port.postMessage(message);
};

port.on("message", (request: ScanRequest) => void scan(request).then(answer));
answer({ kind: "ready" });
