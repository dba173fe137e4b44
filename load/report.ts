import { machineShare, overheadShare, type Verdict } from "./limits.ts";
import type { LoadResult } from "./measure-scale.ts";
import type { Spread } from "./spread.ts";

const BEGIN = "<!-- Written by `npm run load`: begin -->";
const END = "<!-- end -->";

const seconds = (value: number): string => value.toFixed(1);
const spread = ({ p50, p95, max }: Spread): string =>
  [p50, p95, max].map((ms) => seconds(ms / 1000)).join(" / ");
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const megabytes = (bytes: number): string => String(Math.round(bytes / 1e6));

/** A table in Markdown, padded so that it reads as text, too. The first column is words, the others are numbers. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0), 3),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

const TIMES = ["scale", "done", "at once", "all, s", "to running, s", "to first request, s", "to the end, s"];
const PROCESSOR = [
  "scale",
  "orchestrators, s",
  "of the agents'",
  "agents, s",
  "git and gates, s",
  "servers, s",
  "of all cores",
];
const MEMORY = [
  "scale",
  "largest orchestrator, MB",
  "orchestrators, MB",
  "agents, MB",
  "everything, MB",
  "Valkey",
  "PostgreSQL",
];
const LIMITS = ["scale", "limit", "measured", "must be", ""];

const times = (row: LoadResult): string[] => [
  row.name,
  `${row.done} of ${row.agents}`,
  String(row.use.mostAgents),
  seconds(row.seconds),
  spread(row.running),
  spread(row.firstRequest),
  spread(row.completion),
];

const processor = (row: LoadResult): string[] => [
  row.name,
  seconds(row.use.orchestratorSeconds),
  percent(overheadShare(row)),
  seconds(row.use.agentSeconds),
  seconds(row.use.otherSeconds),
  row.connections === null ? "" : seconds(row.use.serverSeconds),
  percent(machineShare(row)),
];

const memory = (row: LoadResult): string[] => [
  row.name,
  megabytes(row.use.largestBytes),
  megabytes(row.use.orchestratorBytes),
  megabytes(row.use.agentBytes),
  megabytes(row.use.totalBytes),
  row.connections === null ? "" : String(row.connections.valkey),
  row.connections === null ? "" : String(row.connections.postgres),
];

const limit = ({ row, what, measured, limit: mustBe, met, hard }: Verdict): string[] => [
  row,
  what,
  measured,
  mustBe,
  met ? "met" : hard ? "MISSED" : "missed (ours)",
];

export interface Report {
  readonly results: readonly LoadResult[];
  readonly verdicts: readonly Verdict[];
  /** What it was measured on, and when: a line. */
  readonly machine: string;
}

/** All tables, as Markdown. */
export function reportOf({ results, verdicts, machine }: Report): string {
  return [
    machine,
    "Times (p50 / p95 / max)",
    tableOf(TIMES, results.map(times)),
    "Processor time",
    tableOf(PROCESSOR, results.map(processor)),
    "Memory (resident, at the most) and connections (at the most)",
    tableOf(MEMORY, results.map(memory)),
    "Limits",
    tableOf(LIMITS, verdicts.map(limit)),
  ].join("\n\n");
}

/** Puts a report where the last one was. @throws when the page has no place for it */
export function replaceReport(page: string, report: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`the page must have the lines '${BEGIN}' and '${END}'`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${report}\n\n${page.slice(end)}`;
}
