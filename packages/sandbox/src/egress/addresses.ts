import { BlockList, isIPv4, isIPv6 } from "node:net";

/**
 * What no package registry has as its address, from IANA's special-purpose registries (RFC 6890): this host, private and
 * shared (CGNAT) networks, link-local with the clouds' metadata services, benchmarking, multicast, reserved; and the one
 * metadata service with a public address (Azure's wire server). The documentation ranges are not here: they lead nowhere,
 * and some networks route their mirrors through them.
 */
const REFUSED_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Inside global unicast: Teredo and other protocol assignments, and 6to4, which holds an IPv4 address. */
const REFUSED_IPV6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2002::", 16],
];

const refused = new BlockList();
for (const [network, prefix] of REFUSED_IPV4) refused.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of REFUSED_IPV6) refused.addSubnet(network, prefix, "ipv6");

/** Global unicast. All else in IPv6 (loopback, unique local, link-local, multicast, mapped IPv4, NAT64) lies outside. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");

/** Whether an address may be dialled for something inside a sandbox. False for what is no address. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !refused.check(address, "ipv4");
  if (isIPv6(address)) return globalUnicast.check(address, "ipv6") && !refused.check(address, "ipv6");
  return false;
}
