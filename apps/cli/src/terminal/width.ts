const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
/** What terminals draw two cells wide, near enough for a table: East Asian scripts, full-width forms, emoji. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}|[\u{20000}-\u{3FFFD}]/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

function cells(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2;
  return ZERO.test(grapheme) ? 0 : 1;
}

const isAscii = (text: string): boolean => /^[\u0020-\u007E]*$/.test(text);

/** Terminal cells that `text` (one line, no sequences) takes. */
export function displayWidth(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += cells(segment);
  return width;
}

/** `text` in at most `width` cells; what is cut is shown as an ellipsis. */
export function fit(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width <= 1) return width === 1 ? "…" : "";
  let taken = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += cells(segment);
    if (used > width - 1) break;
    taken += segment;
  }
  return `${taken}…`;
}

/** `text` followed by spaces up to `width` cells. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** `text` in lines of at most `width` cells, broken at spaces where there are some. Newlines are kept. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line, Math.max(1, width)));
}

function wrapLine(line: string, width: number): string[] {
  if (displayWidth(line) <= width) return [line];
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(/(?<=\s)(?=\S)/)) {
    if (current !== "" && displayWidth(current + word.trimEnd()) > width) {
      lines.push(current.trimEnd());
      current = "";
    }
    for (const piece of chop(word, width)) {
      if (current !== "" && displayWidth(current + piece) > width) {
        lines.push(current.trimEnd());
        current = "";
      }
      current += piece;
    }
  }
  if (current !== "") lines.push(current.trimEnd());
  return lines;
}

/** A word in pieces that fit; most words are one piece. */
function chop(word: string, width: number): string[] {
  if (displayWidth(word.trimEnd()) <= width) return [word];
  const pieces: string[] = [""];
  let used = 0;
  for (const { segment } of segmenter.segment(word)) {
    const size = cells(segment);
    if (used + size > width) {
      pieces.push("");
      used = 0;
    }
    pieces[pieces.length - 1] += segment;
    used += size;
  }
  return pieces;
}
