import { parseEgressTarget } from "@mosaic/domain";
import { isPublicAddress } from "./addresses.ts";

export type Verdict =
  | {
      readonly allowed: true;
      readonly host: string;
      readonly port: number;
      readonly addresses: readonly string[];
    }
  | { readonly allowed: false; readonly reason: string };

/** All addresses of a host name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * Decides about one CONNECT target. Everything is compared in one strict alphabet, so that no two parsers can read a name
 * differently; the name is resolved once, and only these addresses are dialled. One bad address refuses them all: it
 * would be a name that somebody points inwards.
 */
export async function decide(asked: string, allow: ReadonlySet<string>, resolve: Resolve): Promise<Verdict> {
  const target = parseEgressTarget(asked.toLowerCase());
  if (target === null) return { allowed: false, reason: "only <host name>:<port> is accepted" };
  const { host, port } = target;
  if (!allow.has(`${host}:${String(port)}`))
    return { allowed: false, reason: "the host and port are not on the list" };

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
  return { allowed: true, host, port, addresses };
}

/** What may be reached, as `decide` compares it: a host alone means port 443. @throws Error naming what could never match */
export function checkedTargets(allow: readonly string[]): ReadonlySet<string> {
  return new Set(
    allow.map((entry) => {
      const text = entry.includes(":") ? entry : `${entry}:443`;
      if (parseEgressTarget(text) !== null) return text;
      throw new Error(
        `'${entry}' cannot be allowed: host names in lower case, with a port or without, no scheme, address or wildcard`,
      );
    }),
  );
}
