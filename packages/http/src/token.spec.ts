import { describe, expect, it } from "vitest";
import { hashToken, newToken } from "./token.ts";

describe("tokens", () => {
  it("have a recognisable prefix and 256 random bits", () => {
    const [one, two] = [newToken(), newToken()];
    expect(one).toMatch(/^mosaic_[A-Za-z0-9_-]{43}$/);
    expect(one).not.toBe(two);
  });

  it("are stored as SHA-256", () => {
    expect(hashToken("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
