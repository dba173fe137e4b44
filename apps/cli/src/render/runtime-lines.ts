import type { RuntimeView } from "@mosaic/contracts";
import { cleanLine } from "../terminal/clean.ts";
import type { Paint } from "../terminal/paint.ts";
import { type Column, tableLines } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { title: "NAME" },
  { title: "KIND" },
  { title: "STATE" },
  { title: "VERSION OR PROBLEM", min: 10 },
];

/** One line for each way to run agents. */
export function runtimeLines(
  items: readonly RuntimeView[],
  style: { readonly paint: Paint; readonly width: number | null },
): string[] {
  return tableLines(
    COLUMNS,
    items.map((item) => [
      { text: `${item.name}${item.default ? " (default)" : ""}` },
      { text: item.kind },
      item.installed ? { text: "ready", tone: "good" } : { text: "missing", tone: "bad" },
      { text: cleanLine(item.version ?? item.problem ?? "") },
    ]),
    style,
  );
}
