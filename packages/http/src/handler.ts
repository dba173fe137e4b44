import type { Route, RouteInput, RouteOutput, RouteTable } from "@mosaic/contracts";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caller } from "./caller.ts";

/** What a handler knows about its request beside the validated input. */
export interface RequestContext {
  readonly caller: Caller;
  readonly requestId: string;
  /** Aborted when the client goes away before it has its answer. */
  readonly signal: AbortSignal;
  /** Aborted when the server starts to close. */
  readonly closing: AbortSignal;
  /** For `sse` routes: the raw exchange. Other routes return a value instead. */
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Answers with another status than the route's own (readiness: 503). */
  setStatus(status: number): void;
  setHeader(name: string, value: string): void;
  /** For `text` routes: the whole answer. */
  sendText(body: string, contentType: string): void;
}

/** Serves one route. Throw `ProblemError` for a refusal; anything else that is thrown is a 500. */
export type Handler<R extends Route> = (
  input: RouteInput<R>,
  context: RequestContext,
) => Promise<RouteOutput<R>> | RouteOutput<R>;

/** One handler for every route of a table. */
export type Handlers<T extends RouteTable> = { readonly [K in keyof T]: Handler<T[K]> };
