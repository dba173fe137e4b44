import { readUntrusted } from "../checkout/untrusted-file.ts";
import { parseReport, REPORT_PATHS } from "../coverage/parse-report.ts";
import type { Judgement } from "./judgement.ts";

/** Larger reports are not read: one of a million lines has about 20 MB. */
const REPORT_MAX_BYTES = 64 * 1024 * 1024;

/** Where the coverage gate's report may be: what the base branch says, else the usual places. */
export function reportPaths(report: string | undefined): readonly string[] {
  return report === undefined ? REPORT_PATHS : [report];
}

/**
 * Judges a coverage run that exited 0 by the report it left in its copy of the tree. Any report the commit brought
 * along was removed before the run, so that what is found here is this run's work. Of several reports the lowest counts: a
 * runner's own can then not be outbid by one that a test wrote to another usual place.
 */
export async function judgeCoverage(
  tree: string,
  coverage: { readonly threshold: number; readonly report?: string },
): Promise<Judgement> {
  const refusals: string[] = [];
  const judgements: Judgement[] = [];
  for (const path of reportPaths(coverage.report)) {
    const read = await readUntrusted(tree, path, REPORT_MAX_BYTES);
    if (read.kind === "refused") refusals.push(`${path} ${read.why}`);
    if (read.kind === "text") judgements.push(judgeReport(path, read.text, coverage.threshold));
  }
  const lowest = judgements.toSorted((one, other) => shareOf(one) - shareOf(other))[0];
  if (lowest !== undefined) return lowest;
  const why =
    refusals.length > 0 ? refusals.join("; ") : `looked for ${reportPaths(coverage.report).join(", ")}`;
  return {
    outcome: "failed",
    message: `The command left no coverage report that can be read (${why}). It must write lcov, istanbul JSON, Cobertura, coverage.py JSON or a Go cover profile in this run.`,
  };
}

/** What is not a report says nothing, unless there is no other. */
const shareOf = ({ metrics }: Judgement): number => metrics?.["lines"] ?? Infinity;

function judgeReport(path: string, text: string, threshold: number): Judgement {
  const lines = parseReport(text);
  if (!lines) return { outcome: "failed", message: `${path} is not a coverage report of a known format.` };
  if (lines.total === 0) return { outcome: "failed", message: `${path} counts no line at all.` };
  const share = lines.covered / lines.total;
  const metrics = { lines: share, threshold, covered: lines.covered, total: lines.total };
  const figures = `${percent(share)} of ${lines.total} lines are covered (${path}); ${percent(threshold)} are needed.`;
  return { outcome: share >= threshold ? "passed" : "failed", message: figures, metrics };
}

/** Rounded down: 84.999 % must not read as 85 %. */
function percent(share: number): string {
  return `${Math.floor(share * 10_000 + 1e-6) / 100} %`;
}
