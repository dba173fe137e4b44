import { describe, expect, it } from "vitest";
import { lastBytes, plainText } from "./output.ts";

const ESC = "\u001B";

describe("plainText", () => {
  it("takes colours, links, titles and other control away", () => {
    const printed = `${ESC}[31mred${ESC}[0m ${ESC}]8;;http://x${ESC}\\link${ESC}]8;;\u0007 ${ESC}(Bx\u0000\u0008\u009B1my`;
    expect(plainText(printed)).toBe("red link xy");
  });

  it("shows a line as a terminal would after a carriage return", () => {
    expect(plainText("10 %\r20 %\rdone\r\nnext\tcolumn\n")).toBe("done\nnext\tcolumn\n");
  });

  it("keeps text that only looks reordered in its real order", () => {
    expect(plainText("a\u202Eb\u2066c")).toBe("abc");
  });

  it.each([
    ["unfinished sequences", `${ESC}]`.repeat(250_000)],
    ["C1 starts", "\u009D".repeat(500_000)],
    ["a long CSI", `${ESC}[${"0;".repeat(250_000)}`],
    ["carriage returns", `${"a".repeat(500_000)}${"\r".repeat(500_000)}`],
  ])("takes linear time on hostile output: %s", (_, printed) => {
    expect(plainText(printed)).not.toContain(ESC);
  });
});

describe("lastBytes", () => {
  it("keeps short text as it is", () => {
    expect(lastBytes("short\n", 100)).toBe("short\n");
  });

  it("keeps the end, from the start of a line, and says that something is missing", () => {
    const text = Array.from({ length: 100 }, (_, line) => `line ${line}`).join("\n");
    const tail = lastBytes(text, 40);
    expect(tail).toBe("[…]\nline 96\nline 97\nline 98\nline 99");
    expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(40);
  });

  it("does not cut a character in half", () => {
    expect(lastBytes("€".repeat(100), 20)).toBe(`[…]\n${"€".repeat(4)}`);
  });
});
