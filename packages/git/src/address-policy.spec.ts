import { describe, expect, it } from "vitest";
import { addressRefusal, resolvePublicAddresses } from "./address-policy.ts";

describe("addresses a repository may live at", () => {
  it.each([
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.0.192",
    "198.18.0.1",
    "168.63.129.16",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2002:7f00:1::",
    "2001:0:1::",
    "::127.0.0.1",
    "fec0::1",
    "2001:db8::1",
    "not-an-address",
  ])("refuses %s", (address) => {
    expect(addressRefusal(address)).not.toBeNull();
  });

  it.each(["140.82.121.4", "8.8.8.8", "203.0.113.7", "2606:50c0:8000::153", "2a00:1450:4001::1"])(
    "accepts %s",
    (address) => {
      expect(addressRefusal(address)).toBeNull();
    },
  );

  it("refuses a host with one public and one private address", async () => {
    const lookup = () => Promise.resolve(["140.82.121.4", "127.0.0.1"]);
    await expect(resolvePublicAddresses("rebind.example", { allowPrivate: false, lookup })).rejects.toThrow(
      /rebind\.example.*127\.0\.0\.1.*loopback/,
    );
    expect(await resolvePublicAddresses("rebind.example", { allowPrivate: true, lookup })).toHaveLength(2);
  });

  it("says so when a host does not resolve", async () => {
    const lookup = () => Promise.reject(new Error("ENOTFOUND"));
    await expect(resolvePublicAddresses("no.example", { allowPrivate: true, lookup })).rejects.toThrow(
      /does not resolve/,
    );
  });
});
