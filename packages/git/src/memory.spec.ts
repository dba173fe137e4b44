import { expect, it } from "vitest";
import { createMemory } from "./memory.ts";

const memory = (limits: { entries?: number; weight?: number }) =>
  createMemory<string>({ entries: 3, weight: 100, ...limits, weigh: (text) => text.length });

it("keeps the answers that were used last", () => {
  const kept = memory({});
  for (const key of ["a", "b", "c"]) kept.set(key, key);
  kept.get("a");
  kept.set("d", "d");
  expect(["a", "b", "c", "d"].map((key) => kept.get(key))).toEqual(["a", undefined, "c", "d"]);
});

it("is never heavier than it may be, whatever is put in", () => {
  const kept = memory({ weight: 5 });
  kept.set("a", "xx");
  kept.set("b", "xxx");
  kept.set("a", "xxx");
  expect([kept.get("a"), kept.get("b")]).toEqual(["xxx", undefined]);
  kept.set("large", "xxxxxx");
  expect([kept.get("large"), kept.get("a")]).toEqual([undefined, undefined]);
  kept.set("b", "xxxxx");
  expect(kept.get("b")).toBe("xxxxx");
});
