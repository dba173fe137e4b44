import { mkdirSync, readdirSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setup as startPostgres } from "../tests/start-postgres.ts";
import { isDistributed, MODE_VARIABLE } from "../tests/store-mode.ts";
import { type Drill, type Mode, MODES, type ScenarioResult } from "./drill.ts";

// `npm run drill -- [--mode embedded|distributed] [--only <part of a scenario of fleet>] [name …]`: plays every drill of the mode (or those named), prints a table,
// writes drills/results/latest.json (latest-distributed.json), and exits 1 when anything survived, was lost, or broke a
// promise.

interface Row extends ScenarioResult {
  readonly mode: Mode;
  readonly drill: string;
  readonly scenario: string;
}

const FOLDER = dirname(fileURLToPath(import.meta.url));
const COLUMNS = [
  "mode",
  "drill",
  "scenario",
  "tries",
  "survivors",
  "losses",
  "violations",
  "slowest",
] as const;

function namesOfDrills(wanted: readonly string[]): string[] {
  const all = readdirSync(FOLDER)
    .filter((name) => existsSync(join(FOLDER, name, "drill.ts")))
    .sort();
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`there is no drill '${unknown[0]}'; there are: ${all.join(", ")}`);
  return wanted.length === 0 ? all : all.filter((name) => wanted.includes(name));
}

interface Wish {
  readonly mode: Mode;
  readonly names: readonly string[];
  readonly only: string;
}

function readWish(): Wish {
  const { values, positionals } = parseArgs({
    options: { mode: { type: "string", default: "embedded" }, only: { type: "string", default: "" } },
    allowPositionals: true,
  });
  const mode = MODES.find((name) => name === values.mode);
  if (mode === undefined)
    throw new Error(`there is no mode '${values.mode}'; there are: ${MODES.join(", ")}`);
  return { mode, names: positionals, only: values.only };
}

/** The drills to play. Naming one that the mode does not have is a mistake, not a wish for nothing. */
async function choose({ mode, names }: Wish): Promise<readonly Drill[]> {
  const all = await Promise.all(
    namesOfDrills(names).map(
      async (name) => ((await import(`./${name}/drill.ts`)) as { readonly drill: Drill }).drill,
    ),
  );
  const chosen = all.filter(({ modes = ["embedded"] }) => modes.includes(mode));
  const other = all.find((drill) => names.includes(drill.name) && !chosen.includes(drill));
  if (other !== undefined) throw new Error(`the drill '${other.name}' is not played with --mode ${mode}`);
  return chosen;
}

async function play(drill: Drill, { mode, only }: Wish, rows: Row[]): Promise<void> {
  const started = performance.now();
  process.stderr.write(`drill ${drill.name} …\n`);
  const report = (scenario: string, result: ScenarioResult): void => {
    rows.push({ mode, drill: drill.name, scenario, ...result });
    process.stderr.write(`  ${isClean(result) ? "ok  " : "FAIL"} ${scenario} (${result.tries} tries)\n`);
    for (const line of result.details ?? []) process.stderr.write(`       ${line}\n`);
  };
  try {
    await drill.run({ scenario: report, wants: (name) => name.includes(only) });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const broken = { tries: 1, survivors: 0, losses: 0, violations: 1, slowestMs: 0 };
    report("could not be played", { ...broken, details: text.split("\n") });
  }
  process.stderr.write(`drill ${drill.name}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

function isClean({ tries, survivors, losses, violations }: ScenarioResult): boolean {
  return tries > 0 && survivors + losses + violations === 0;
}

function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.mode,
    row.drill,
    row.scenario,
    String(row.tries),
    String(row.survivors),
    String(row.losses),
    String(row.violations),
    row.slowestMs >= 10_000 ? `${(row.slowestMs / 1000).toFixed(1)} s` : `${Math.round(row.slowestMs)} ms`,
  ]);
  const widths = COLUMNS.map((title, at) =>
    Math.max(title.length, ...cells.map((line) => line[at]?.length ?? 0)),
  );
  const print = (line: readonly string[]): string =>
    line
      .map((cell, at) => (at < 3 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  return [print(COLUMNS), print(widths.map((width) => "-".repeat(width))), ...cells.map(print)].join("\n");
}

const wish = readWish();
const { mode } = wish;
process.env[MODE_VARIABLE] = mode;
const drills = await choose(wish);
const stopPostgres = isDistributed() ? await startPostgres() : async (): Promise<void> => undefined;
const started = performance.now();
const rows: Row[] = [];
for (const drill of drills) await play(drill, wish, rows);
await stopPostgres();
const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
const failed = rows.filter((row) => !isClean(row));

const file = mode === "embedded" ? "latest.json" : `latest-${mode}.json`;
mkdirSync(join(FOLDER, "results"), { recursive: true });
const results = {
  at: new Date().toISOString(),
  node: process.version,
  mode,
  seconds,
  failed: failed.length,
  rows,
};
writeFileSync(join(FOLDER, "results", file), `${JSON.stringify(results, null, 2)}\n`);

process.stdout.write(`${table(rows)}\n\n`);
const verdict =
  failed.length === 0
    ? "nothing survived, nothing was lost, no promise was broken"
    : `${failed.length} failed`;
process.stdout.write(
  `${rows.length} scenarios in ${seconds} s: ${verdict}; drills/results/${file} has them\n`,
);
process.exit(failed.length === 0 && rows.length > 0 ? 0 : 1);
