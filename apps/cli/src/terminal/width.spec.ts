import { describe, expect, it } from "vitest";
import { displayWidth, fit, pad, wrap } from "./width.ts";

describe("displayWidth", () => {
  it.each([
    ["plain", 5],
    ["漢字", 4],
    ["é", 1],
    ["e\u0301", 1],
    ["👩‍👩‍👧", 2],
    ["", 0],
  ])("of %j is %d cells", (text, cells) => {
    expect(displayWidth(text)).toBe(cells);
  });
});

describe("fit", () => {
  it("cuts what is too long and says so", () => {
    expect(fit("abcdef", 4)).toBe("abc…");
    expect(fit("漢字漢字", 5)).toBe("漢字…");
    expect(fit("abc", 3)).toBe("abc");
    expect(fit("abc", 0)).toBe("");
  });
});

describe("pad", () => {
  it("fills up to the width in cells", () => {
    expect(pad("漢", 4)).toBe("漢  ");
  });
});

describe("wrap", () => {
  it("breaks at spaces, keeps newlines, and cuts words that are longer than a line", () => {
    expect(wrap("one two three\nfour", 8)).toEqual(["one two", "three", "four"]);
    expect(wrap("abcdefghij k", 4)).toEqual(["abcd", "efgh", "ij k"]);
    expect(wrap("", 4)).toEqual([""]);
  });

  it("never gives a line that is wider than asked", () => {
    const text = "漢字 word 漢字漢字漢字 loooooooooong a b c 👩‍👩‍👧 x";
    for (let width = 2; width < 20; width += 1) {
      for (const line of wrap(text, width)) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }
  });
});
