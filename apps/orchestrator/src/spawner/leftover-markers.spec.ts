import { describe, expect, it } from "vitest";
import { hasLeftoverMarkers } from "./leftover-markers.ts";

const labels = { ours: "a".repeat(40), theirs: "b".repeat(40) };
const CONFLICT = `one\n<<<<<<< ${labels.ours}\ntheirs\n=======\nmine\n>>>>>>> ${labels.theirs}\n`;

describe("leftover conflict markers", () => {
  it("are our labels in any file, wherever the agent moved it", () => {
    expect(hasLeftoverMarkers(CONFLICT, { labels, sides: null })).toBe(true);
    expect(hasLeftoverMarkers(`>>>>>>> ${labels.theirs}`, { labels, sides: null })).toBe(true);
  });

  it.each(["<<<<<<< HEAD", "=======", ">>>>>>> mine", "||||||| base", "=======\r"])(
    "are %j in a file that was in conflict",
    (line) => {
      expect(hasLeftoverMarkers(`one\n${line}\ntwo\n`, { labels, sides: ["one\n", "two\n"] })).toBe(true);
      expect(hasLeftoverMarkers(`one\n${line}\ntwo\n`, { labels, sides: null })).toBe(false);
    },
  );

  it("are not the lines that a side had by right: a heading in Markdown, a fixture of a merge tool", () => {
    const sides = ["Title\n=======\n", "Other\n=======\n"];
    expect(hasLeftoverMarkers("Title\n=======\nOther\n=======\n", { labels, sides })).toBe(false);
    expect(hasLeftoverMarkers("Title\n=======\n=======\n=======\n", { labels, sides })).toBe(true);
    expect(hasLeftoverMarkers("<<<<<<<< eight, and <<<<<<<x\n========\n", { labels, sides: [] })).toBe(false);
  });
});
