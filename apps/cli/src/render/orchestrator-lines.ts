import type { Orchestrator } from "@mosaic/contracts";
import { cleanLine } from "../terminal/clean.ts";
import type { Paint } from "../terminal/paint.ts";
import { type Column, tableLines } from "./table.ts";
import { number } from "./units.ts";

const COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "STATE" },
  { title: "AGENTS" },
  { title: "HOST", min: 6 },
  { title: "URL", min: 10 },
  { title: "LAST HEARTBEAT", min: 10 },
];

/** One line for each orchestrator. */
export function orchestratorLines(
  items: readonly Orchestrator[],
  style: { readonly paint: Paint; readonly width: number | null },
): string[] {
  return tableLines(
    COLUMNS,
    items.map((item) => [
      { text: item.instanceId.slice(0, 8) },
      item.alive ? { text: "alive", tone: "good" } : { text: "silent", tone: "bad" },
      { text: `${number(item.running)}/${number(item.capacity)}` },
      { text: cleanLine(`${item.host}${item.self ? " (this)" : ""}`) },
      { text: cleanLine(item.url) },
      { text: item.heartbeatAt },
    ]),
    style,
  );
}
