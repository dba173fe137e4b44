import { parseCobertura } from "./cobertura.ts";
import { parseCoveragePy } from "./coverage-py.ts";
import { parseGoCover } from "./go-cover.ts";
import { parseIstanbulFinal } from "./istanbul-final.ts";
import { parseIstanbulSummary } from "./istanbul-summary.ts";
import { parseLcov } from "./lcov.ts";
import { isPlausible, type LineCount, type ReportParser } from "./line-count.ts";

/** In the order they are tried; each knows its own format and answers null to any other. */
const PARSERS: readonly ReportParser[] = [
  parseIstanbulSummary,
  parseCoveragePy,
  parseIstanbulFinal,
  parseGoCover,
  parseCobertura,
  parseLcov,
];

/** Where the usual tools leave their reports, relative to the tree; the first that is there counts. */
export const REPORT_PATHS = [
  "coverage/coverage-summary.json",
  "coverage/coverage-final.json",
  "coverage/lcov.info",
  "coverage/cobertura-coverage.xml",
  "coverage/coverage.xml",
  "lcov.info",
  "coverage.lcov",
  "coverage.json",
  "coverage.xml",
  "cobertura.xml",
  "cover.out",
  "coverage.out",
] as const;

/** The line coverage in a report of any known format, or null. */
export function parseReport(text: string): LineCount | null {
  for (const parse of PARSERS) {
    const lines = parse(text);
    if (lines) return isPlausible(lines) ? lines : null;
  }
  return null;
}
