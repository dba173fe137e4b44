import { visible } from "../terminal/clean.ts";
import type { Paint, Tone } from "../terminal/paint.ts";

const HEADER =
  /^(?:diff --git |index |similarity index |(?:new|deleted) file mode |old mode |new mode |rename |copy |Binary files )/;

/**
 * A patch for a terminal: coloured, controls made visible. The lines of a hunk are counted, so that a removed line
 * that begins with `--` is not taken for a header.
 */
export function patchLines(patch: string, paint: Paint): string[] {
  let left = { old: 0, new: 0 };
  const lines = patch.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => {
    const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (hunk) {
      left = { old: Number(hunk[1] ?? 1), new: Number(hunk[2] ?? 1) };
      return paint("info", visible(line));
    }
    if (left.old <= 0 && left.new <= 0) return paint(toneOfHeader(line), visible(line));
    const mark = line[0] ?? " ";
    if (mark === "-" || mark === " ") left.old -= 1;
    if (mark === "+" || mark === " ") left.new -= 1;
    return paint(mark === "+" ? "good" : mark === "-" ? "bad" : "plain", visible(line));
  });
}

function toneOfHeader(line: string): Tone {
  if (line.startsWith("--- ") || line.startsWith("+++ ") || HEADER.test(line)) return "strong";
  return "plain";
}
