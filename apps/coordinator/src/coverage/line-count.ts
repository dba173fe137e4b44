/** Lines a report says can be covered, and how many of them were. */
export interface LineCount {
  readonly covered: number;
  readonly total: number;
}

/** A report's own reader: null when the text is not in its format. */
export type ReportParser = (text: string) => LineCount | null;

/** Adds up counts; null for none, so that an empty report is not a full one. */
export function sumLines(counts: readonly LineCount[]): LineCount | null {
  if (counts.length === 0) return null;
  return counts.reduce((sum, count) => ({
    covered: sum.covered + count.covered,
    total: sum.total + count.total,
  }));
}

/** Counts a map of line → hits. */
export function countHits(hits: ReadonlyMap<number, number>): LineCount {
  let covered = 0;
  for (const count of hits.values()) if (count > 0) covered += 1;
  return { covered, total: hits.size };
}

/** True for a count that can be believed: whole, not negative, not more covered than there are. */
export function isPlausible({ covered, total }: LineCount): boolean {
  return Number.isSafeInteger(covered) && Number.isSafeInteger(total) && covered >= 0 && covered <= total;
}

/** The JSON value, or undefined when the text is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
