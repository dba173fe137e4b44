import { describe, expect, it } from "vitest";
import { hunksOf } from "./conflict-hunks.ts";

const CONFLICT = ["<<<<<<< a", "theirs", "=======", "mine", ">>>>>>> b"];
const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => `line ${i + 1}`);

describe("the parts of a file that are in conflict", () => {
  it("come with three lines around them and their place in the file", () => {
    const text = [...lines(10), ...CONFLICT, ...lines(10)].join("\n");
    expect(hunksOf(text).split("\n")[0]).toBe("@@ lines 8 to 18");
    expect(hunksOf(text).split("\n")).toHaveLength(1 + 3 + 5 + 3);
  });

  it("are one part where they are close together, and several where they are not", () => {
    const near = [...CONFLICT, ...lines(4), ...CONFLICT].join("\n");
    expect(hunksOf(near).match(/^@@/gm)).toHaveLength(1);
    const far = [...CONFLICT, ...lines(20), ...CONFLICT].join("\n");
    expect(hunksOf(far).match(/^@@/gm)).toHaveLength(2);
  });

  it("are none in a file without a whole conflict; long lines are cut", () => {
    expect(hunksOf("<<<<<<< a\nnever closed\n")).toBe("");
    const long = ["<<<<<<< a", "x".repeat(10_000), "=======", ">>>>>>> b"].join("\n");
    expect(hunksOf(long).length).toBeLessThan(600);
  });
});
