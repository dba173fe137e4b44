import type { Readable } from "node:stream";

export interface LineLimits {
  /** Longest line, in bytes. */
  readonly lineBytes: number;
  /** Bytes in all. */
  readonly totalBytes: number;
}

const MEBIBYTE = 1024 * 1024;

/** Much more than an agent says in a day of work, and little enough to keep. */
export const DEFAULT_OUTPUT: LineLimits = { lineBytes: 4 * MEBIBYTE, totalBytes: 256 * MEBIBYTE };

export interface LineReader {
  /** Settles when the stream has ended or was given up. */
  readonly ended: Promise<void>;
}

export interface LineHandlers {
  readonly onLine: (line: string) => void;
  /** Called once, when a limit is passed; nothing is read after it. */
  readonly onOverflow: (why: string) => void;
}

const NEWLINE = 0x0a;

/** Reads lines from a stream that is not trusted, and never keeps more than one line of it. */
export function readLines(stream: Readable, limits: LineLimits, handlers: LineHandlers): LineReader {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let total = 0;
  let stopped = false;

  function give(rest: Buffer): void {
    const line = Buffer.concat([...kept, rest]).toString("utf8");
    kept = [];
    keptBytes = 0;
    if (line.trim() !== "") handlers.onLine(line);
  }

  function overflow(why: string): void {
    stopped = true;
    kept = [];
    stream.resume();
    handlers.onOverflow(why);
  }

  function take(chunk: Buffer): void {
    if (stopped) return;
    total += chunk.length;
    if (total > limits.totalBytes) return overflow(`it wrote more than ${limits.totalBytes} bytes`);
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      if (keptBytes + end - start > limits.lineBytes) return overflow(tooLong(limits));
      give(chunk.subarray(start, end));
      start = end + 1;
    }
    keptBytes += chunk.length - start;
    if (keptBytes > limits.lineBytes) return overflow(tooLong(limits));
    if (start < chunk.length) kept.push(chunk.subarray(start));
  }

  stream.on("data", take);
  const ended = new Promise<void>((resolve) => {
    if (stream.closed) resolve();
    stream.once("close", resolve);
  });
  // A stream that breaks also closes, and why a process ended is told by the process.
  stream.on("error", () => undefined);
  return { ended };
}

function tooLong({ lineBytes }: LineLimits): string {
  return `it wrote a line of more than ${lineBytes} bytes`;
}
