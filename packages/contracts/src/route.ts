import type { z } from "zod";
import type { ProblemCode } from "./problems.ts";

export const SCOPES = ["read", "spawn", "kill", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** One route: the one source of the server's validation, the client's types and the OpenAPI document. */
export interface Route {
  readonly method: "GET" | "POST";
  /** Fastify form: `/agents/:agentId/status`. */
  readonly path: string;
  readonly summary: string;
  /** What the token must allow; `null` is open to anyone (health only). */
  readonly scope: Scope | null;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** True when the route takes requests without a body, too. */
  readonly bodyOptional?: boolean;
  /** `sse` and `text` routes write their own answer; a `tar` route returns the bytes of one. */
  readonly response: z.ZodType | "sse" | "text" | "tar";
  readonly status: number;
  readonly problems: readonly ProblemCode[];
  /** A field's own problem code, by path (`context.workItems`), instead of `invalid_request`. */
  readonly fieldProblems?: Readonly<Record<string, ProblemCode>>;
  /** Requests a minute per token; the server's default when absent. */
  readonly rateLimit?: number;
}

export type RouteTable = Readonly<Record<string, Route>>;

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Given<S> = S extends z.ZodType ? z.input<S> : undefined;

/** What a handler gets. */
export interface RouteInput<R extends Route> {
  readonly params: Parsed<R["params"]>;
  readonly query: Parsed<R["query"]>;
  readonly body: R["bodyOptional"] extends true ? Parsed<R["body"]> | undefined : Parsed<R["body"]>;
}

/** What a client gives. */
export interface RouteRequest<R extends Route> {
  readonly params: Given<R["params"]>;
  readonly query: Given<R["query"]>;
  readonly body: Given<R["body"]>;
}

/** What a handler returns and a client gets. */
export type RouteOutput<R extends Route> = R["response"] extends z.ZodType
  ? z.output<R["response"]>
  : R["response"] extends "tar"
    ? AsyncIterable<Uint8Array>
    : void;

/** Keeps the literal types of a route. */
export function defineRoute<const R extends Route>(route: R): R {
  return route;
}
