import { describe, expect, it } from "vitest";
import { age, bytes, count, dollars, duration } from "./units.ts";

describe("duration", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1000, "1.0 s"],
    [59_940, "59.9 s"],
    [59_960, "1 m 00 s"],
    [185_000, "3 m 05 s"],
    [7_800_000, "2 h 10 m"],
    [273_600_000, "3 d 04 h"],
  ])("of %d ms is %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe("age", () => {
  it("is the time since then in its largest unit, and never negative", () => {
    const now = Date.parse("2026-01-02T00:00:00Z");
    expect(age("2026-01-01T23:59:48Z", now)).toBe("12s");
    expect(age("2026-01-01T23:55:00Z", now)).toBe("5m");
    expect(age("2026-01-01T20:59:00Z", now)).toBe("3h");
    expect(age("2025-12-31T00:00:00Z", now)).toBe("2d");
    expect(age("2026-01-02T00:00:05Z", now)).toBe("0s");
  });
});

describe("dollars", () => {
  it("tells a little from nothing", () => {
    expect([0, 0.000_01, 0.0123, 0.5, 12.345].map(dollars)).toEqual([
      "$0.00",
      "< $0.0001",
      "$0.0123",
      "$0.5000",
      "$12.35",
    ]);
  });
});

describe("bytes and count", () => {
  it("are in units people know", () => {
    expect([812, 1234, 999_999, 3_400_000, 2_000_000_000].map(bytes)).toEqual([
      "812 B",
      "1.2 kB",
      "1.0 MB",
      "3.4 MB",
      "2.0 GB",
    ]);
    expect([count(1, "file"), count(1200, "file")]).toEqual(["1 file", "1,200 files"]);
  });
});
