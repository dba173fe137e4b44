import { lookup as systemLookup } from "node:dns/promises";
import ipaddr from "ipaddr.js";
import { RemoteRefusedError } from "./errors.ts";

/** All addresses of a host name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** Documentation range (RFC 5737) that test networks use as if it were public. */
const TREATED_AS_PUBLIC: readonly [string, number][] = [["203.0.113.0", 24]];
/** Metadata services that live on public-looking addresses (Azure's wire server). */
const METADATA: ReadonlySet<string> = new Set(["168.63.129.16"]);
const GLOBAL_UNICAST_IPV6: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];

/** Why an address must not be contacted on behalf of a caller, or null for a public one. */
export function addressRefusal(address: string): string | null {
  if (!ipaddr.isValid(address)) return "it is not an IP address";
  const parsed = ipaddr.process(address);
  if (METADATA.has(parsed.toString())) return "it is a cloud metadata service";
  if (parsed instanceof ipaddr.IPv4) {
    if (TREATED_AS_PUBLIC.some(([net, bits]) => parsed.match(ipaddr.IPv4.parse(net), bits))) return null;
  } else if (!parsed.match(GLOBAL_UNICAST_IPV6)) {
    return `it is not a public address (${parsed.range()})`;
  }
  const range = parsed.range();
  return range === "unicast" ? null : `it is not a public address (${range})`;
}

const lookupAll: Lookup = async (host) =>
  (await systemLookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/**
 * Resolves a host once and answers with its addresses, every one of them checked: the caller connects to these and
 * not to the name, so that a second answer of the name server changes nothing.
 * @throws RemoteRefusedError when it does not resolve, or any address is not public and `allowPrivate` is false
 */
export async function resolvePublicAddresses(
  host: string,
  options: { readonly allowPrivate: boolean; readonly lookup?: Lookup },
): Promise<readonly string[]> {
  const addresses = await (options.lookup ?? lookupAll)(host).catch((error: unknown) => {
    throw new RemoteRefusedError(
      `the host '${host}' does not resolve; check its spelling and the name server`,
      {
        cause: error,
      },
    );
  });
  if (addresses.length === 0) throw new RemoteRefusedError(`the host '${host}' has no address`);
  if (options.allowPrivate) return addresses;
  for (const address of addresses) {
    const why = addressRefusal(address);
    if (why !== null) {
      throw new RemoteRefusedError(
        `the host '${host}' resolves to ${address}: ${why}; allow private addresses in the configuration if this is meant`,
      );
    }
  }
  return addresses;
}
