import type { PassThrough, Readable } from "node:stream";
import { READY } from "./entry.ts";

/** `[stream, 0, 0, 0, size1, size2, size3, size4]` before each part: "attach" of the Engine API. */
const HEADER_BYTES = 8;
const STDERR = 2;

export interface Output {
  /** Whether the entry said that the command comes next; false when it ended without that. */
  readonly ready: Promise<boolean>;
  /** When all has been passed on. False: the connection broke, so that some may be missing. */
  readonly complete: Promise<boolean>;
  /** From now on nobody's slow reading holds the connection up. What is still to come, some megabytes at most, is kept. */
  flush(): void;
}

export interface Sinks {
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
}

/**
 * Takes a container's two output streams apart. A reader who does not read makes the container wait, not this process's
 * memory grow, which docker-modem's own `demuxStream` would.
 */
export function demultiplex(source: Readable, { stdout, stderr }: Sinks): Output {
  const flushed = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<boolean>();
  const separate = async (): Promise<void> => {
    const parts = frames();
    const beyondReady = withoutReady(ready.resolve);
    for await (const chunk of source) {
      for (const { stream, bytes } of parts(chunk as Buffer)) {
        const sink = stream === STDERR ? stderr : stdout;
        const shown = stream === STDERR ? bytes : beyondReady(bytes);
        if (shown.length === 0 || sink.destroyed || sink.write(shown)) continue;
        await Promise.race([room(sink), flushed.promise]);
      }
    }
  };
  const end = (): void => {
    ready.resolve(false);
    stdout.end();
    stderr.end();
  };
  const complete = separate()
    .then(
      () => true,
      () => false,
    )
    .finally(end);
  return { ready: ready.promise, complete, flush: flushed.resolve };
}

/** When a stream takes more, or will never again. */
async function room(sink: PassThrough): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      sink.off("drain", done).off("close", done);
      resolve();
    };
    sink.on("drain", done).on("close", done);
  });
}

/** Takes the entry's word off the beginning of stdout. */
function withoutReady(answer: (ready: boolean) => void): (bytes: Buffer) => Buffer {
  let seen: Buffer | null = Buffer.alloc(0);
  return (bytes) => {
    if (seen === null) return bytes;
    seen = Buffer.concat([seen, bytes]);
    if (seen.length < READY.length) return Buffer.alloc(0);
    const isReady = seen.subarray(0, READY.length).toString() === READY;
    answer(isReady);
    const rest = isReady ? seen.subarray(READY.length) : seen;
    seen = null;
    return rest;
  };
}

interface Part {
  readonly stream: number;
  readonly bytes: Buffer;
}

/** Cuts chunks into parts; a part may be spread over many chunks. */
function frames(): (chunk: Buffer) => Part[] {
  let header = Buffer.alloc(0);
  let stream = 0;
  let missing = 0;
  return (chunk) => {
    const parts: Part[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      if (missing === 0) {
        const taken = rest.subarray(0, HEADER_BYTES - header.length);
        header = Buffer.concat([header, taken]);
        rest = rest.subarray(taken.length);
        if (header.length < HEADER_BYTES) break;
        stream = header.readUInt8(0);
        missing = header.readUInt32BE(4);
        header = Buffer.alloc(0);
      } else {
        const bytes = rest.subarray(0, missing);
        parts.push({ stream, bytes });
        missing -= bytes.length;
        rest = rest.subarray(bytes.length);
      }
    }
    return parts;
  };
}
