import { ProblemError, type Route } from "@mosaic/contracts";
import type { FastifyReply, FastifyRequest } from "fastify";
import { allows, type Authenticator } from "./authenticate.ts";
import { ANONYMOUS, type Caller } from "./caller.ts";
import type { RateLimiter } from "./rate-limiter.ts";

export interface GuardOptions {
  readonly realm: string;
  readonly authenticate: Authenticator;
  readonly limiter: RateLimiter;
  readonly ratePerMinute: number;
}

export interface Guard {
  /** Authenticates, checks the route's scope and the caller's rate, before a byte of the body is read. */
  admit(route: Route, name: string, request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Who was admitted. */
  callerOf(request: FastifyRequest): Caller;
}

const CALLER = Symbol("caller");
// A property, not a WeakMap: one entry per request there made the garbage collector the largest cost after the socket.
type Admitted = FastifyRequest & { [CALLER]?: Caller };

/**
 * Kill routes and routes with a limit of their own count apart from the rest: a client that has used up its requests by
 * polling can still stop an agent.
 */
function bucketOf(route: Route, name: string): string {
  return route.rateLimit !== undefined || route.scope === "kill" ? name : "default";
}

export function createGuard({ realm, authenticate, limiter, ratePerMinute }: GuardOptions): Guard {
  async function identify(request: FastifyRequest, reply: FastifyReply): Promise<Caller> {
    try {
      return await authenticate({ headers: request.headers, address: request.ip });
    } catch (error) {
      if (error instanceof ProblemError && error.code === "unauthenticated") {
        reply.header("www-authenticate", `Bearer realm="${realm}"`);
      }
      throw error;
    }
  }

  function checkRate(route: Route, name: string, caller: Caller, reply: FastifyReply): void {
    const limit = route.rateLimit ?? ratePerMinute;
    const bucket = bucketOf(route, name);
    const { allowed, remaining, retryAfter } = limiter.take(`caller ${caller.name} ${bucket}`, limit);
    reply.header("ratelimit-policy", `"${bucket}";q=${limit};w=60`);
    reply.header("ratelimit", `"${bucket}";r=${remaining};t=${retryAfter}`);
    if (allowed) return;
    throw new ProblemError(
      "rate_limited",
      `This token may send ${limit} requests a minute here; try again in ${retryAfter} s.`,
      { retryAfter },
    );
  }

  return {
    async admit(route, name, request, reply) {
      if (route.scope === null) return;
      const caller = await identify(request, reply);
      if (!allows(caller.scopes, route.scope)) {
        reply.header(
          "www-authenticate",
          `Bearer realm="${realm}", error="insufficient_scope", scope="${route.scope}"`,
        );
        throw new ProblemError(
          "forbidden",
          `This needs a token with the scope '${route.scope}'; '${caller.name}' has ${caller.scopes.join(", ") || "none"}.`,
        );
      }
      checkRate(route, name, caller, reply);
      (request as Admitted)[CALLER] = caller;
    },
    callerOf: (request) => (request as Admitted)[CALLER] ?? ANONYMOUS,
  };
}
