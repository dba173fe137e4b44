import { describe, expect, it } from "vitest";
import { auditHash, canonicalJson, CHAIN_START } from "./audit-chain.ts";

describe("canonical JSON", () => {
  it("is the same for equal values, whatever the order of their keys", () => {
    const a = { b: 1, a: { d: [1, { y: 1, x: 2 }], c: null } };
    const b = { a: { c: null, d: [1, { x: 2, y: 1 }] }, b: 1 };
    expect(canonicalJson(a)).toBe(canonicalJson(b));
    expect(canonicalJson(a)).toBe('{"a":{"c":null,"d":[1,{"x":2,"y":1}]},"b":1}');
  });

  it("reads back as the value", () => {
    const value = { text: 'quotes " and \u{1F642} and \n', list: [true, -0.5, "x"], empty: {} };
    expect(JSON.parse(canonicalJson(value))).toEqual(value);
  });

  it("treats what JSON does not know as JSON does", () => {
    expect(canonicalJson({ gone: undefined, list: [undefined] })).toBe('{"list":[null]}');
    expect(canonicalJson(undefined)).toBe("null");
  });
});

describe("the hash of an audit entry", () => {
  const entry = { at: "t", actor: "a", action: "b", subject: "s", reason: "r", data: { x: 1 } };

  it("is stable: entries written by one version are verified by the next", () => {
    expect(auditHash(CHAIN_START, 1, entry)).toMatchInlineSnapshot(
      `"fe2db659b43eaff81a5f0e49cce5f79a94e907a617cab466a36396eeeb252a9d"`,
    );
  });

  it("depends on every part, on the place, and on what came before", () => {
    const hashes = [
      auditHash(CHAIN_START, 1, entry),
      auditHash(CHAIN_START, 2, entry),
      auditHash("1".repeat(64), 1, entry),
      ...Object.keys(entry).map((field) => auditHash(CHAIN_START, 1, { ...entry, [field]: "other" })),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
