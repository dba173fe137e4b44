import type { ServerResponse } from "node:http";

/** Why the gateway answers a request itself, in the words of the Messages API's error shape. */
export interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  /** What the SDKs are told about repeating it; left to them when not given. */
  readonly retry?: boolean;
  /** Seconds until it may be tried again. */
  readonly retryAfter?: number;
  /** True when the rest of the request is not read. */
  readonly hangUp?: boolean;
}

/**
 * A request that an agent may not make. Never 401: clients take that for a key that may yet become valid, and try on
 * (Claude Code 2.1 for more than 90 seconds).
 */
export function forbidden(message: string): Refusal {
  return { status: 403, type: "permission_error", message, retry: false };
}

export function invalid(message: string): Refusal {
  return { status: 400, type: "invalid_request_error", message, retry: false };
}

/** Answers with an error in the shape of the Messages API; does nothing on an answer that has begun. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) return;
  const { status, type, message, retry, retryAfter, hangUp } = refusal;
  response.writeHead(status, {
    "content-type": "application/json",
    ...(retry === undefined ? {} : { "x-should-retry": String(retry) }),
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
    ...(hangUp === true ? { connection: "close" } : {}),
  });
  response.end(JSON.stringify({ type: "error", error: { type, message } }));
}
