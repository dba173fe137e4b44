import { hostname, userInfo } from "node:os";

/** Who does it and when, for the audit log. @param now milliseconds since the epoch */
export function mover(now: () => number): { readonly by: string; readonly at: string } {
  return { by: `cli:${userInfo().username}@${hostname()}`, at: new Date(now()).toISOString() };
}
