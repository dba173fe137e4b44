import { countHits, type LineCount, sumLines } from "./line-count.ts";

/**
 * Line coverage of an lcov trace file. Counted from the `DA:` lines, because the `LF`/`LH` totals are only a
 * summary which some writers leave out; a file that has totals alone counts by them.
 */
export function parseLcov(text: string): LineCount | null {
  if (!/^SF:/m.test(text)) return null;
  const files: LineCount[] = [];
  for (const record of text.split(/^end_of_record\s*$/m)) {
    const file = countRecord(record);
    if (file) files.push(file);
  }
  return sumLines(files);
}

function countRecord(record: string): LineCount | null {
  if (!/^SF:/m.test(record)) return null;
  const hits = new Map<number, number>();
  for (const match of record.matchAll(/^DA:(\d+),(\d+)/gm)) {
    const line = Number(match[1]);
    hits.set(line, (hits.get(line) ?? 0) + Number(match[2]));
  }
  if (hits.size > 0) return countHits(hits);
  const total = /^LF:(\d+)/m.exec(record)?.[1];
  const covered = /^LH:(\d+)/m.exec(record)?.[1];
  return { total: Number(total ?? 0), covered: Number(covered ?? 0) };
}
