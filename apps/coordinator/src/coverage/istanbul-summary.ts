import { isRecord, type LineCount, parseJson } from "./line-count.ts";

/** Line coverage of istanbul's `coverage-summary.json`: its own total. */
export function parseIstanbulSummary(text: string): LineCount | null {
  const report = parseJson(text);
  const total = isRecord(report) ? report["total"] : undefined;
  const lines = isRecord(total) ? total["lines"] : undefined;
  if (!isRecord(lines)) return null;
  const { covered, total: all } = lines;
  return typeof covered === "number" && typeof all === "number" ? { covered, total: all } : null;
}
