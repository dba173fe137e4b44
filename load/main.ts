import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { judge } from "./limits.ts";
import { type LoadResult, measureScale } from "./measure-scale.ts";
import { replaceReport, reportOf } from "./report.ts";
import { nameOf, SCALES } from "./scale.ts";

// `npm run load [scale …]`: plays every scale (or those named), prints tables, writes load/results/latest.json and, when all
// were played, docs/load.md. Exits 1 when a limit of the owner's is missed or a task was not done exactly once.

const PAGE = new URL("../docs/load.md", import.meta.url);
const RESULTS = new URL("results/", import.meta.url);

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SCALES.some((scale) => nameOf(scale) === name));
if (unknown.length > 0)
  throw new Error(`there is no scale '${unknown[0]}'; there are: ${SCALES.map(nameOf).join(", ")}`);

// Above 1 or so, others were using the machine: times are theirs as much as ours then.
const before = loadavg()[0]?.toFixed(1) ?? "unknown";
const scales = SCALES.filter((scale) => wanted.length === 0 || wanted.includes(nameOf(scale)));
const results: LoadResult[] = [];
for (const scale of scales) {
  process.stderr.write(`load ${nameOf(scale)} …\n`);
  const result = await measureScale(scale);
  results.push(result);
  process.stderr.write(
    `load ${result.name}: ${result.done} of ${result.agents} done in ${result.seconds.toFixed(1)} s\n`,
  );
  for (const problem of result.problems) process.stderr.write(`  ${problem}\n`);
}

const verdicts = results.flatMap(judge);
const model = cpus()[0]?.model ?? "unknown processor";
const gib = Math.round(totalmem() / 2 ** 30);
const day = new Date().toISOString().slice(0, 10);
const machine = `${day}, ${cpus().length} cores (${model}), ${gib} GiB, Node ${process.versions.node}; load average before it began: ${before}.`;
const report = reportOf({ results, verdicts, machine });
console.log(report);

mkdirSync(RESULTS, { recursive: true });
writeFileSync(
  new URL("latest.json", RESULTS),
  `${JSON.stringify({ machine, results, verdicts }, null, 2)}\n`,
);
if (scales.length === SCALES.length) writeFileSync(PAGE, replaceReport(readFileSync(PAGE, "utf8"), report));
process.exit(verdicts.some(({ met, hard }) => hard && !met) ? 1 : 0);
