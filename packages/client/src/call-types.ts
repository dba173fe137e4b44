import type { Route, RouteRequest } from "@mosaic/contracts";
import type { z } from "zod";

/** One part of a request under its name; optional when the route takes requests without it. */
type Part<R extends Route, K extends "params" | "query" | "body"> = R extends { readonly [P in K]: z.ZodType }
  ? IsOptional<R, K> extends true
    ? { readonly [P in K]?: RouteRequest<R>[K] }
    : { readonly [P in K]: RouteRequest<R>[K] }
  : unknown;

type IsOptional<R extends Route, K extends "params" | "query" | "body"> = K extends "body"
  ? R extends { readonly bodyOptional: true }
    ? true
    : false
  : K extends "query"
    ? HasOnlyOptional<RouteRequest<R>[K]>
    : false;

type HasOnlyOptional<T> = Partial<T> extends T ? true : false;

/** What a call of the route needs: only the parts it has. */
export type CallRequest<R extends Route> = Part<R, "params"> & Part<R, "query"> & Part<R, "body">;

/** What a call gives: the parsed answer, or the text of a `text` route. */
export type CallOutput<R extends Route> = R["response"] extends z.ZodType ? z.output<R["response"]> : string;

/** The arguments after the route's name; nothing when the route needs nothing. */
export type CallArguments<R extends Route> =
  HasOnlyOptional<CallRequest<R>> extends true
    ? [request?: CallRequest<R>, options?: CallOptions]
    : [request: CallRequest<R>, options?: CallOptions];

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Instead of the client's. */
  readonly timeoutMs?: number;
}
