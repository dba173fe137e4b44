import { countHits, isRecord, type LineCount, parseJson, sumLines } from "./line-count.ts";

/**
 * Line coverage of istanbul's `coverage-final.json`: a line counts when a statement starts on it, with the
 * highest count of its statements, as istanbul-lib-coverage's `getLineCoverage` has it.
 */
export function parseIstanbulFinal(text: string): LineCount | null {
  const report = parseJson(text);
  if (!isRecord(report)) return null;
  const files: LineCount[] = [];
  for (const file of Object.values(report)) {
    const count = countFile(file);
    if (!count) return null;
    files.push(count);
  }
  return sumLines(files);
}

function countFile(file: unknown): LineCount | null {
  if (!isRecord(file)) return null;
  const statements = file["statementMap"];
  const counts = file["s"];
  if (!isRecord(statements) || !isRecord(counts)) return null;
  const hits = new Map<number, number>();
  for (const [id, location] of Object.entries(statements)) {
    const start = isRecord(location) ? location["start"] : undefined;
    const line = isRecord(start) ? start["line"] : undefined;
    const count = counts[id];
    if (typeof line !== "number" || typeof count !== "number") return null;
    hits.set(line, Math.max(hits.get(line) ?? 0, count));
  }
  return countHits(hits);
}
