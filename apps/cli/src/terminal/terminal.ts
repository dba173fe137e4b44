import type { Readable, Writable } from "node:stream";
import { createInterface } from "node:readline/promises";
import { toJsonLine } from "./clean.ts";
import { ansiPaint, noPaint, wantsColour, type Paint } from "./paint.ts";

export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface InputStream extends Readable {
  readonly isTTY?: boolean;
}

export interface Streams {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

export interface TerminalOptions {
  readonly streams: Streams;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Where a command reads and writes: the result on stdout, the talk on stderr. */
export interface Terminal {
  /** True when the result is wanted as JSON. */
  readonly json: boolean;
  /** True when stdout is a terminal. */
  readonly isTerminal: boolean;
  /** Cells of the terminal; null when stdout is none. */
  readonly width: number | null;
  /** Colours for stdout. */
  readonly paint: Paint;
  /** A line of the result. */
  line(text: string): void;
  /** Several lines of the result. */
  lines(texts: readonly string[]): void;
  /** Part of the result, byte for byte. */
  raw(text: string): void;
  /** The result as one line of JSON. */
  jsonLine(value: unknown): void;
  /** Talk: progress and hints. Silent with --quiet. */
  say(text: string): void;
  /** What a person should not miss, --quiet or not. */
  warn(text: string): void;
  /** What went wrong. `hints` say more, or what to do. */
  fail(message: string, hints: readonly string[]): void;
  /** An error as one line of JSON, on stderr. */
  failJson(value: unknown): void;
  /** True when there is a person to ask. */
  readonly canAsk: boolean;
  /** Asks on the terminal; null when the input ends without an answer. Rejects when `signal` is aborted. */
  ask(question: string, signal: AbortSignal): Promise<string | null>;
  /** All of standard input. */
  readInput(signal: AbortSignal): Promise<string>;
}

/** A terminal over three streams. Text given to it is printed as it is: clean untrusted text first. */
export function createTerminal(options: TerminalOptions): Terminal {
  const { stdin, stdout, stderr } = options.streams;
  const isTerminal = stdout.isTTY === true;
  const paint = wantsColour(isTerminal, options.env) ? ansiPaint : noPaint;
  const talkPaint = wantsColour(stderr.isTTY === true, options.env) ? ansiPaint : noPaint;
  const say = (text: string): void => {
    if (!options.quiet) stderr.write(`${text}\n`);
  };
  return {
    json: options.json,
    isTerminal,
    width: isTerminal ? (stdout.columns ?? 80) : null,
    paint,
    line: (text) => void stdout.write(`${text}\n`),
    lines: (texts) => void (texts.length > 0 && stdout.write(`${texts.join("\n")}\n`)),
    raw: (text) => void stdout.write(text),
    jsonLine: (value) => void stdout.write(`${toJsonLine(value)}\n`),
    say: (text) => say(talkPaint("dim", text)),
    warn: (text) => void stderr.write(`${talkPaint("warn", `warning: ${text}`)}\n`),
    fail: (message, hints) =>
      void stderr.write(
        [`${talkPaint("bad", "error:")} ${message}`, ...hints.map((hint) => `  ${hint}`), ""].join("\n"),
      ),
    failJson: (value) => void stderr.write(`${toJsonLine(value)}\n`),
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    ask: (question, signal) => ask({ stdin, stderr }, question, signal),
    readInput: (signal) => readAll(stdin, signal),
  };
}

async function ask(
  streams: Pick<Streams, "stdin" | "stderr">,
  question: string,
  signal: AbortSignal,
): Promise<string | null> {
  // Not in raw mode: Ctrl-C must stay a signal, which the process handles.
  const lines = createInterface({ input: streams.stdin, output: streams.stderr, terminal: false });
  const ended = new Promise<null>((resolve) => void lines.once("close", () => resolve(null)));
  try {
    return await Promise.race([lines.question(question, { signal }), ended]);
  } finally {
    lines.close();
  }
}

async function readAll(stdin: Readable, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  const stop = (): void => void stdin.destroy(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  } finally {
    signal.removeEventListener("abort", stop);
  }
  return Buffer.concat(chunks).toString("utf8");
}
