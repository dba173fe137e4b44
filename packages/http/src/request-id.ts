import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What we take over from a client: nothing that could forge log lines or grow without bound. */
const ACCEPTED = /^[A-Za-z0-9][A-Za-z0-9_-]{7,63}$/;

/** The request's id: the client's `x-request-id` when it has the form of one, otherwise a new UUID. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && ACCEPTED.test(given) ? given : randomUUID();
}
