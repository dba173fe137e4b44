import { describe, expect, it } from "vitest";
import { isPublicAddress } from "./addresses.ts";
import { checkedTargets, decide } from "./decide.ts";

const LIST = checkedTargets(["registry.npmjs.org", "static.crates.io", "git.example.com:8443"]);
const resolvesTo =
  (...addresses: string[]) =>
  async () =>
    await Promise.resolve(addresses);

describe("a target", () => {
  it.each([
    "registry.npmjs.org:443",
    "Registry.NPMjs.ORG:443",
    "static.crates.io:443",
    "git.example.com:8443",
  ])("on the list passes: %s", async (target) => {
    expect(await decide(target, LIST, resolvesTo("203.0.113.80"))).toMatchObject({ allowed: true });
  });

  it.each([
    "registry.npmjs.org",
    "registry.npmjs.org:80",
    "registry.npmjs.org:4430",
    "registry.npmjs.org:0443",
    "git.example.com:443",
    "git.example.com:844",
    "registry.npmjs.org.:443",
    "evil.registry.npmjs.org:443",
    "registry.npmjs.org.evil.com:443",
    "evil.com\0.registry.npmjs.org:443",
    "registry.npmjs.org\0:443",
    "registry.npmjs.org:443\n",
    "user@registry.npmjs.org:443",
    "https://registry.npmjs.org:443",
    "registry%2enpmjs.org:443",
    "regıstry.npmjs.org:443",
    "localhost:443",
    "127.0.0.1:443",
    "2130706433:443",
    "0x7f.1:443",
    "[::1]:443",
    "169.254.169.254:443",
    ":443",
    "",
  ])("that is not exactly on it is refused before it is resolved: %j", async (target) => {
    const never = async () => await Promise.reject(new Error("resolved"));
    const verdict = await decide(target, LIST, never);
    expect(verdict).toMatchObject({ allowed: false });
    expect(verdict).not.toMatchObject({ reason: expect.stringContaining("resolved:") });
  });

  it.each([
    [["127.0.0.1"]],
    [["203.0.113.80", "10.0.0.1"]],
    [["169.254.169.254"]],
    [["168.63.129.16"]],
    [["::1"]],
    [["::ffff:10.0.0.1"]],
    [["not an address"]],
    [[]],
  ])("on the list that leads to %j is refused", async (addresses) => {
    expect(await decide("registry.npmjs.org:443", LIST, resolvesTo(...addresses))).toMatchObject({
      allowed: false,
    });
  });

  it("that cannot be resolved is refused", async () => {
    const verdict = await decide(
      "registry.npmjs.org:443",
      LIST,
      async () => await Promise.reject(new Error("SERVFAIL")),
    );
    expect(verdict).toMatchObject({ allowed: false, reason: expect.stringContaining("SERVFAIL") });
  });
});

describe("the list", () => {
  it.each([
    "*.npmjs.org",
    "https://registry.npmjs.org",
    "registry.npmjs.org:0",
    "registry.npmjs.org:443:443",
    "Registry.npmjs.org",
    "10.0.0.1",
    "localhost",
    "",
  ])("does not take what could never match: %j", (host) => {
    expect(() => checkedTargets([host])).toThrow("cannot be allowed");
  });
});

describe("an address", () => {
  it.each([
    "1.1.1.1",
    "203.0.113.80",
    "198.51.100.1",
    "99.255.255.255",
    "172.32.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
  ])("%s is public", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  const inwards =
    "0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.8.8.8 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 " +
    "192.168.1.1 198.18.0.1 224.0.0.1 255.255.255.255 :: ::1 fe80::1 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 " +
    "64:ff9b::7f00:1 2002:7f00:1:: 2001::1 ::127.0.0.1";
  it.each([...inwards.split(" "), "", "example.com", "127.1", "fe80::1%eth0"])("%j is not", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
