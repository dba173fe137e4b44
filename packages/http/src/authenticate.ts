import { ProblemError, type Scope } from "@mosaic/contracts";
import type { IncomingHttpHeaders } from "node:http";
import type { Caller, FindToken } from "./caller.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import { hashToken } from "./token.ts";

const TOKEN = /^[\x21-\x7e]{1,200}$/;
const REMEMBERED_TOKENS = 1000;

export interface AuthenticatorOptions {
  readonly findToken: FindToken;
  readonly limiter: RateLimiter;
  /** Wrong tokens a minute from one address. */
  readonly failuresPerMinute: number;
}

export type Authenticator = (request: {
  readonly headers: IncomingHttpHeaders;
  readonly address: string;
}) => Promise<Caller>;

function presentedToken(headers: IncomingHttpHeaders): string {
  const { authorization } = headers;
  const key = headers["x-api-key"];
  if (authorization === undefined && key === undefined) {
    throw new ProblemError(
      "unauthenticated",
      "Send an access token as 'Authorization: Bearer <token>' or in X-API-Key.",
    );
  }
  const bearer = authorization === undefined ? undefined : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (authorization !== undefined && bearer === undefined) {
    throw new ProblemError(
      "unauthenticated",
      "The Authorization header is not of the form 'Bearer <token>'.",
    );
  }
  const token = bearer ?? key;
  if (typeof token !== "string" || !TOKEN.test(token)) {
    throw new ProblemError("unauthenticated", "X-API-Key does not hold a token.");
  }
  if (typeof key === "string" && bearer !== undefined && key !== bearer) {
    throw new ProblemError("unauthenticated", "Authorization and X-API-Key hold different tokens; send one.");
  }
  return token;
}

/**
 * Finds out who sent a request. The lookup is by SHA-256 of the token, so its timing says nothing about a stored token
 * that a caller could use: they cannot steer the hash of a guess. An address with too many wrong tokens is made to wait
 * before any lookup, except with tokens that have already been right: on loopback every client shares one address, and
 * a stranger must not lock the owner out of the kill switch.
 */
export function createAuthenticator({
  findToken,
  limiter,
  failuresPerMinute,
}: AuthenticatorOptions): Authenticator {
  const known = new Set<string>();

  return async ({ headers, address }) => {
    const hash = hashToken(presentedToken(headers));
    const bucket = `failed-auth ${address}`;
    if (!known.has(hash)) {
      const { allowed, retryAfter } = limiter.peek(bucket, failuresPerMinute);
      if (!allowed) {
        throw new ProblemError("rate_limited", `Too many wrong tokens; try again in ${retryAfter} s.`, {
          retryAfter,
        });
      }
    }
    const caller = await findToken(hash);
    if (caller === null) {
      known.delete(hash);
      limiter.take(bucket, failuresPerMinute);
      throw new ProblemError("unauthenticated", "The token is not known here; it may have been removed.");
    }
    if (known.size >= REMEMBERED_TOKENS) known.clear();
    known.add(hash);
    return caller;
  };
}

/** `admin` may do everything; whoever may spawn or kill may also look. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  if (scopes.includes("admin") || scopes.includes(needed)) return true;
  return needed === "read" && (scopes.includes("spawn") || scopes.includes("kill"));
}
