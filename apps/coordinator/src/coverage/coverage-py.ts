import { isRecord, type LineCount, parseJson } from "./line-count.ts";

/** Line coverage of coverage.py's JSON report (`coverage json`): its own totals. */
export function parseCoveragePy(text: string): LineCount | null {
  const report = parseJson(text);
  const totals = isRecord(report) ? report["totals"] : undefined;
  if (!isRecord(totals)) return null;
  const { covered_lines: covered, num_statements: total } = totals;
  return typeof covered === "number" && typeof total === "number" ? { covered, total } : null;
}
