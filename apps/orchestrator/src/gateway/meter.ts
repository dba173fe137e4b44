import { StringDecoder } from "node:string_decoder";
import { createParser } from "eventsource-parser";
import type { Request } from "./estimate.ts";
import { broken, settled, takeOver, type Metered, type Reported } from "./usage.ts";

/** Longest event that is read; an answer with a longer one goes through, but counts as unknown. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/** Longest answer in one piece that is read. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** What a block costs beside its visible text, in bytes of our upper bound. */
const BLOCK_FRAMING = 100;

/** Reads what an answer used while it goes by. */
export interface Meter {
  /** Takes the next bytes of the answer. */
  take(chunk: Buffer): void;
  /** True once nothing that comes can change the result. */
  readonly done: boolean;
  /** Once nothing more comes: whether it was an answer, and not a piece of one. */
  answered(): boolean;
  result(): Metered;
}

/** A meter for server-sent events. */
export function createStreamMeter(request: Request): Meter {
  const decoder = new StringDecoder("utf8");
  let reported: Reported = {};
  let visibleBytes = 0;
  let blocks = 0;
  /** Thinking may be billed in full and shown in part. */
  let hidden = false;
  let stopped = false;
  let readable = true;

  function read(data: string): void {
    const event = parse(data);
    switch (event?.["type"]) {
      case "message_start":
        reported = takeOver(reported, field(event["message"], "usage"));
        break;
      case "message_delta":
        reported = takeOver(reported, event["usage"]);
        stopped ||= typeof field(event["delta"], "stop_reason") === "string";
        break;
      case "content_block_start":
        blocks += 1;
        visibleBytes += BLOCK_FRAMING;
        hidden ||= !["text", "tool_use"].includes(String(field(event["content_block"], "type")));
        break;
      case "content_block_delta":
        visibleBytes += deltaBytes(event["delta"]);
        break;
      default:
        break;
    }
  }

  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent: ({ event, data }) => {
      if (event === "message_stop") stopped = true;
      read(data);
    },
    onError: (error) => {
      if (error.type === "max-buffer-size-exceeded") readable = false;
    },
  });

  return {
    take(chunk) {
      // The parser throws once it has given up.
      if (readable) parser.feed(decoder.write(chunk));
    },
    get done() {
      return stopped;
    },
    // One that could not be read to its end may have been whole.
    answered: () => stopped || !readable,
    result() {
      if (stopped && readable) return settled(reported, request);
      return broken(reported, request, blocks === 0 || hidden || !readable ? null : visibleBytes);
    },
  };
}

/** A meter for an answer in one piece, which is read at its end. */
export function createBodyMeter(request: Request): Meter {
  let chunks: Buffer[] = [];
  let bytes = 0;
  const read = (): Record<string, unknown> | null => parse(Buffer.concat(chunks).toString("utf8"));
  return {
    take(chunk) {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      else chunks = [];
    },
    done: false,
    answered: () => bytes > MAX_BODY_BYTES || read() !== null,
    result() {
      return settled(takeOver({}, read()?.["usage"]), request);
    },
  };
}

function deltaBytes(delta: unknown): number {
  const text = field(delta, "text") ?? field(delta, "partial_json");
  return typeof text === "string" ? Buffer.byteLength(text) : 0;
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function parse(data: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    // What cannot be read leaves the usage unknown, which is counted as such.
    return null;
  }
}
