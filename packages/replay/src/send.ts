import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Reply } from "./reply.ts";
import type { Fault } from "./scenario.ts";
import { errorEvent, streamEvents } from "./sse.ts";

/** Error types of the Messages API by HTTP status. */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  504: "timeout_error",
  529: "overloaded_error",
};

export interface ErrorAnswer {
  readonly status: number;
  readonly message: string;
  readonly type?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with an error in the shape of the Messages API. */
export function sendError(response: ServerResponse, error: ErrorAnswer): void {
  const type =
    error.type ?? ERROR_TYPES[error.status] ?? (error.status < 500 ? "invalid_request_error" : "api_error");
  sendJson(response, error.status, { type: "error", error: { type, message: error.message } }, error.headers);
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** Sends a reply the way the fault says, or properly when there is none. */
export async function sendReply(
  response: ServerResponse,
  options: { reply: Reply; stream: boolean; fault: Fault | null },
): Promise<void> {
  const { fault } = options;
  switch (fault?.kind) {
    case "status":
      return sendError(response, { ...fault, message: fault.message ?? `Scripted error ${fault.status}` });
    case "overflow":
      return sendError(response, {
        status: 400,
        message: "prompt is too long: 1000001 tokens > 1000000 maximum",
      });
    case "hang":
      return hang(response, options, fault.at);
    case "garbage":
      return sendGarbage(response);
    case "cut":
      return cut(response, options, fault.bytes);
    case "stream_error":
      return failMidway(response, options, fault);
    case "drip":
      return drip(response, options, fault);
    case "noise":
      return sendNoisily(response, options);
    case "no_usage":
    case undefined:
      return sendWhole(response, options, fault === null);
  }
}

type Sending = Readonly<{ reply: Reply; stream: boolean }>;

function startStream(response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
}

function sendWhole(response: ServerResponse, { reply, stream }: Sending, usage: boolean): void {
  if (!stream) return sendJson(response, 200, usage ? reply : { ...reply, usage: undefined });
  startStream(response);
  response.end(streamEvents(reply, { usage }).join(""));
}

/** The whole answer, among events, deltas and fields that no client of today knows. */
function sendNoisily(response: ServerResponse, { reply, stream }: Sending): void {
  if (!stream) return sendJson(response, 200, { ...reply, from_the_future: { tokens: -1 } });
  startStream(response);
  const unknown =
    'event: from_the_future\ndata: {"type":"from_the_future","index":0,"usage":{"output_tokens":-1}}\n\n';
  const comment = ": a comment\n\n";
  response.end(streamEvents(reply, { usage: true }).join(unknown + comment));
}

/** Leaves the request open until the client gives up or the server closes. */
async function hang(response: ServerResponse, { reply, stream }: Sending, at: string): Promise<void> {
  if (at === "stream" && stream) {
    startStream(response);
    response.write(streamEvents(reply, { usage: true }).slice(0, 3).join(""));
  }
  if (!response.destroyed) await once(response, "close");
}

function sendGarbage(response: ServerResponse): void {
  startStream(response);
  response.end('event: message_start\ndata: {"type":"message_start",<html>\n\n\u0000\u0001garbage\n\n');
}

async function cut(response: ServerResponse, { reply, stream }: Sending, bytes: number): Promise<void> {
  const whole = Buffer.from(stream ? streamEvents(reply, { usage: true }).join("") : JSON.stringify(reply));
  const type = stream ? "text/event-stream; charset=utf-8" : "application/json";
  response.writeHead(200, { "content-type": type, "content-length": whole.length });
  response.flushHeaders();
  const part = whole.subarray(0, Math.min(bytes, whole.length - 1));
  if (part.length > 0) await new Promise((resolve) => response.write(part, resolve));
  response.destroy();
}

function failMidway(
  response: ServerResponse,
  { reply, stream }: Sending,
  fault: { type: string; message: string },
): void {
  if (!stream) return sendError(response, { status: 529, ...fault });
  const events = streamEvents(reply, { usage: true });
  startStream(response);
  response.end(
    events.slice(0, Math.ceil(events.length / 2)).join("") + errorEvent(fault.type, fault.message),
  );
}

async function drip(
  response: ServerResponse,
  { reply, stream }: Sending,
  fault: { bytes: number; everyMs: number },
): Promise<void> {
  if (!stream) return sendJson(response, 200, reply);
  const whole = Buffer.from(streamEvents(reply, { usage: true }).join(""));
  startStream(response);
  for (let start = 0; start < whole.length && !response.destroyed; start += fault.bytes) {
    response.write(whole.subarray(start, start + fault.bytes));
    await delay(fault.everyMs);
  }
  response.end();
}
