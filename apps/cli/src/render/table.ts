import type { Paint, Tone } from "../terminal/paint.ts";
import { displayWidth, fit, pad } from "../terminal/width.ts";

export interface Cell {
  /** One clean line. */
  readonly text: string;
  readonly tone?: Tone;
}

export interface Column {
  readonly title: string;
  /** The least cells the column may be cut down to; without it the column keeps its width. */
  readonly min?: number;
}

const GAP = 2;

/**
 * A table, header first. On a terminal of `width` cells the columns that have a `min` give way, widest first; where that
 * is not enough the last columns are cut, and left out when nothing of them fits. Null leaves every cell whole.
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: { readonly paint: Paint; readonly width: number | null },
): string[] {
  const widths = columns.map((column, i) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[i]?.text ?? ""))),
  );
  if (style.width !== null) shrink(widths, columns, style.width);
  const shown = widths.findLastIndex((width) => width > 0) + 1;
  const line = (cells: readonly Cell[]): string =>
    cells
      .slice(0, shown)
      .map((cell, i) => {
        const width = widths[i] ?? 0;
        const text = fit(cell.text, width);
        const last = i === shown - 1;
        return (
          style.paint(cell.tone ?? "plain", text) + (last ? "" : pad("", width - displayWidth(text) + GAP))
        );
      })
      .join("")
      .trimEnd();
  return [line(columns.map((column) => ({ text: column.title, tone: "dim" }))), ...rows.map(line)];
}

function shrink(widths: number[], columns: readonly Column[], limit: number): void {
  const total = (): number => widths.reduce((sum, width) => sum + (width === 0 ? 0 : width + GAP), -GAP);
  while (total() > limit) {
    let widest = -1;
    for (const [i, column] of columns.entries()) {
      const width = widths[i] ?? 0;
      if (column.min !== undefined && width > column.min && width > (widths[widest] ?? 0)) widest = i;
    }
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 1) - 1;
  }
  for (let last = widths.length - 1; last > 0 && total() > limit; last -= 1)
    widths[last] = Math.max(0, (widths[last] ?? 0) - (total() - limit));
  if (total() > limit) widths[0] = Math.max(1, limit);
}

/** `name   value` lines, aligned; pairs without a value are left out. */
export function pairLines(
  pairs: readonly (readonly [string, string | undefined])[],
  style: { readonly paint: Paint },
): string[] {
  const present = pairs.filter((pair): pair is readonly [string, string] => (pair[1] ?? "") !== "");
  const width = Math.max(0, ...present.map(([name]) => displayWidth(name)));
  return present.flatMap(([name, value]) => {
    const [first = "", ...rest] = value.split("\n");
    return [
      `${style.paint("dim", pad(name, width))}  ${first}`,
      ...rest.map((line) => `${" ".repeat(width)}  ${line}`.trimEnd()),
    ];
  });
}
