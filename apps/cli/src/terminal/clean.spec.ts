import { describe, expect, it } from "vitest";
import { clean, cleanDeep, cleanLine, toJsonLine, visible } from "./clean.ts";

const ESC = "\u001B";

describe("clean", () => {
  it.each([
    ["colours", `a${ESC}[31mred${ESC}[0m`, "ared"],
    ["cursor movement and screen clearing", `${ESC}[2J${ESC}[1;1Hfake prompt $`, "fake prompt $"],
    ["a window title", `${ESC}]0;root@prod\u0007text`, "text"],
    ["a hyperlink", `${ESC}]8;;https://evil.example${ESC}\\click${ESC}]8;;${ESC}\\`, "click"],
    ["a clipboard write", `${ESC}]52;c;cm0gLXJmIC8=\u0007ok`, "ok"],
    ["an unfinished sequence, up to its line's end", `x${ESC}]0;title\nnext`, "x\nnext"],
    ["a device control string", `${ESC}P+q544e${ESC}\\done`, "done"],
    ["C1 forms", "a\u009B31mb\u009D0;t\u009Cc", "abc"],
    ["a lone escape at the end", `end${ESC}`, "end"],
    ["a terminal reset", `${ESC}cgone?`, "gone?"],
    ["a sequence that removal would put together", `${ESC}${ESC}[31m[31mx`, "[31mx"],
    ["backspaces, bells and null bytes", "a\b\b\u0007\u0000b\u007F", "ab"],
    ["text direction overrides", "if (admin\u202E\u2066) {", "if (admin) {"],
  ])("takes out %s", (_name, text, expected) => {
    expect(clean(text)).toBe(expected);
  });

  it("keeps tabs, newlines, and text in any script", () => {
    expect(clean("a\tb\nзёв 漢字 👩‍👩‍👧")).toBe("a\tb\nзёв 漢字 👩‍👩‍👧");
  });

  it("turns carriage returns into new lines, so that nothing is written over", () => {
    expect(clean("rm -rf /\rls      ")).toBe("rm -rf /\nls      ");
  });

  it("is done with a megabyte of unfinished sequences before a test would time out", () => {
    expect(clean(`${ESC}]`.repeat(500_000))).toBe("");
    expect(clean(`${ESC}[`.repeat(500_000))).toBe("");
    expect(clean(`${ESC}[${"1;".repeat(500_000)}`)).toBe("");
  });
});

describe("cleanLine", () => {
  it("makes one line of many", () => {
    expect(cleanLine(" a\n\tb \r\n c ")).toBe("a b c");
  });
});

describe("cleanDeep", () => {
  it("cleans every string and key, and leaves the rest alone", () => {
    const dirty = { [`k${ESC}[1m`]: [`v${ESC}[1m`, 1, null, true, { deep: `\u009B2Jx` }] };
    expect(cleanDeep(dirty)).toEqual({ k: ["v", 1, null, true, { deep: "x" }] });
  });
});

describe("visible", () => {
  it("shows controls instead of hiding them", () => {
    expect(visible(`+a${ESC}[2J\u007F\u009B\u202E\tb`)).toBe("+a^[[2J^?<U+009B><U+202E>\tb");
  });
});

describe("toJsonLine", () => {
  it("is JSON of the same value, without a character a terminal would obey", () => {
    const value = { text: `${ESC}[31m \u009B2J \u202E \u2028 \u007F` };
    const line = toJsonLine(value);
    expect(JSON.parse(line)).toEqual(value);
    expect(line).toMatch(/^[\u0020-\u007E]+$/);
  });
});
