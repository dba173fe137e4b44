import type { IncomingHttpHeaders } from "node:http";

/** Why a browser's request is refused, or null when it may pass. */
export type OriginCheck = (headers: IncomingHttpHeaders) => string | null;

/**
 * Refuses what a page of another origin makes a browser send. Clients that are not browsers send neither header. The
 * Host header must have been checked before: an origin equal to it is our own.
 */
export function createOriginCheck(allowedOrigins: readonly string[]): OriginCheck {
  const allowed = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  return (headers) => {
    const origin = headers.origin?.toLowerCase();
    if (origin !== undefined) {
      if (allowed.has(origin) || isOwn(origin, headers.host)) return null;
      return origin === "null"
        ? "Requests of opaque origins (Origin: null) are refused."
        : `Requests of ${origin.slice(0, 200)} are refused. Add it to the allowed origins if it is yours.`;
    }
    const site = headers["sec-fetch-site"];
    if (site === "cross-site" || site === "same-site") {
      return `The browser marks this request as ${site}, and it names no allowed origin.`;
    }
    return null;
  };
}

function isOwn(origin: string, host: string | undefined): boolean {
  if (host === undefined) return false;
  const own = host.toLowerCase();
  return origin === `http://${own}` || origin === `https://${own}`;
}
