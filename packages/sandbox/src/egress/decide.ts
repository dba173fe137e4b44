import { isPublicAddress } from "./addresses.ts";

/** What is asked for, in the one form that is accepted: a lower-cased host name with a dot, and port 443. */
const TARGET = /^((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?):443$/;

export type Verdict =
  | { readonly allowed: true; readonly host: string; readonly addresses: readonly string[] }
  | { readonly allowed: false; readonly reason: string };

/** All addresses of a host name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * Decides about one CONNECT target. Everything is compared in one strict alphabet, so that no two parsers can read a name
 * differently; the name is resolved once, and only these addresses are dialled. One bad address refuses them all: it
 * would be a name that somebody points inwards.
 */
export async function decide(target: string, allow: ReadonlySet<string>, resolve: Resolve): Promise<Verdict> {
  const host = TARGET.exec(target.toLowerCase())?.[1];
  if (host === undefined) return { allowed: false, reason: "only <host name>:443 is accepted" };
  if (!allow.has(host)) return { allowed: false, reason: "the host is not on the list" };
  let addresses: readonly string[];
  try {
    addresses = await resolve(host);
  } catch (error) {
    return {
      allowed: false,
      reason: `the host cannot be resolved: ${error instanceof Error ? error.message : ""}`,
    };
  }
  const bad = addresses.find((address) => !isPublicAddress(address));
  if (bad !== undefined)
    return { allowed: false, reason: `the host resolves to ${bad}, which is not public` };
  if (addresses.length === 0) return { allowed: false, reason: "the host has no address" };
  return { allowed: true, host, addresses };
}

/** @throws Error naming the entry that could never match */
export function checkedHosts(allow: readonly string[]): ReadonlySet<string> {
  for (const host of allow) {
    if (TARGET.exec(`${host}:443`) === null) {
      throw new Error(
        `'${host}' cannot be allowed: host names in lower case only, without scheme, port or wildcard`,
      );
    }
  }
  return new Set(allow);
}
