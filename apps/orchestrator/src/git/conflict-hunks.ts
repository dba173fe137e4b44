/** Lines that are shown before and after a conflict. */
const CONTEXT = 3;
/** Longest line that is shown, in characters. */
const LINE = 400;

const START = /^<{7}(?: |$)/;
const END = /^>{7}(?: |$)/;

/** The parts of a merged file that hold both sides between markers, with line numbers and a little around them. */
export function hunksOf(text: string): string {
  const lines = text.split("\n");
  const parts: [from: number, to: number][] = [];
  let open = -1;
  for (const [index, line] of lines.entries()) {
    if (open === -1 && START.test(line)) open = index;
    if (open === -1 || !END.test(line)) continue;
    const from = Math.max(0, open - CONTEXT);
    const to = Math.min(lines.length, index + 1 + CONTEXT);
    const last = parts.at(-1);
    if (last !== undefined && last[1] >= from) last[1] = to;
    else parts.push([from, to]);
    open = -1;
  }
  return parts
    .map(([from, to]) =>
      [`@@ lines ${from + 1} to ${to}`, ...lines.slice(from, to).map((line) => cut(line))].join("\n"),
    )
    .join("\n");
}

const cut = (line: string): string => (line.length <= LINE ? line : `${line.slice(0, LINE)}…`);
