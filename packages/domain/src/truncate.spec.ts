import { describe, expect, test } from "vitest";
import { truncate, truncateStrings } from "./truncate.ts";

describe("a text that is too long", () => {
  test("keeps its beginning and its end, and says how much is missing", () => {
    const { text, truncated } = truncate(`start${"x".repeat(1000)}end`, 100);
    expect(truncated).toBe(true);
    expect(text).toMatch(/^startx+\n\[… 908 bytes cut out …\]\nx+end$/);
  });

  test("is measured in bytes and never cut inside a character", () => {
    for (const character of ["é", "€", "😀"]) {
      for (let max = 1; max < 40; max += 1) {
        const { text } = truncate(character.repeat(50), max);
        expect(text).not.toContain("\uFFFD");
        const kept = text.replace(/\n\[… \d+ bytes cut out …\]\n/, "");
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(max);
      }
    }
  });

  test("stays as it is when it fits exactly", () => {
    expect(truncate("€€€", 9)).toEqual({ text: "€€€", truncated: false });
    expect(truncate("€€€", 8).truncated).toBe(true);
    expect(truncate("", 1)).toEqual({ text: "", truncated: false });
  });
});

test("every string in a value is truncated, whatever it is in", () => {
  const long = "y".repeat(500);
  const cut = truncateStrings({ a: [long, 1, null, true], b: { c: long }, d: "short" }, 50) as {
    a: unknown[];
    b: { c: string };
    d: string;
  };
  expect(cut.a[0]).toContain("cut out");
  expect(cut.a.slice(1)).toEqual([1, null, true]);
  expect(cut.b.c).toContain("cut out");
  expect(cut.d).toBe("short");
});
