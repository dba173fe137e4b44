import { describe, expect, it } from "vitest";
import { noPaint } from "../terminal/paint.ts";
import { displayWidth } from "../terminal/width.ts";
import { pairLines, tableLines } from "./table.ts";

const COLUMNS = [{ title: "ID" }, { title: "NAME", min: 4 }, { title: "WORK", min: 6 }];
const ROWS = [
  [{ text: "3f2a" }, { text: "a name of some length" }, { text: "work that is told in many words" }],
  [{ text: "77" }, { text: "漢字" }, { text: "" }],
];

describe("tableLines", () => {
  it("aligns columns by the cells they take, and leaves no space at the end", () => {
    expect(tableLines(COLUMNS, ROWS, { paint: noPaint, width: null })).toEqual([
      "ID    NAME                   WORK",
      "3f2a  a name of some length  work that is told in many words",
      "77    漢字",
    ]);
  });

  it("cuts the widest columns first, and not below what they need", () => {
    const fitted = tableLines(COLUMNS, ROWS, { paint: noPaint, width: 40 });
    expect(fitted[1]).toBe("3f2a  a name of some …  work that is to…");
    expect(tableLines(COLUMNS, ROWS, { paint: noPaint, width: 18 })[1]).toBe("3f2a  a n…  work …");
  });
});

describe("a table on a terminal that is too narrow", () => {
  it("loses its last columns, and never wraps a line", () => {
    const at = (width: number): string[] => tableLines(COLUMNS, ROWS, { paint: noPaint, width });
    expect(at(14)).toEqual(["ID    NAME  W…", "3f2a  a n…  w…", "77    漢字"]);
    expect(at(12)[1]).toBe("3f2a  a n…");
    expect(at(5)[1]).toBe("3f2a");
    for (let width = 1; width < 60; width += 1) {
      for (const line of at(width))
        expect(displayWidth(line), `${width}: ${line}`).toBeLessThanOrEqual(width);
    }
  });
});

describe("pairLines", () => {
  it("aligns values, indents their further lines, and leaves out what is not there", () => {
    const pairs = [
      ["a", "one\ntwo"],
      ["longer", "three"],
      ["none", undefined],
      ["empty", ""],
    ] as const;
    expect(pairLines(pairs, { paint: noPaint })).toEqual(["a       one", "        two", "longer  three"]);
  });
});
