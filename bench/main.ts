import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { crashRecovery } from "./cases/crash-recovery.ts";
import { eventLog } from "./cases/event-log.ts";
import { eventStream } from "./cases/event-stream.ts";
import { gatewayLatency } from "./cases/gateway-latency.ts";
import { gitWork } from "./cases/git-work.ts";
import { killSwitch } from "./cases/kill-switch.ts";
import { postgresBudget } from "./cases/postgres-budget.ts";
import { queueBacklog } from "./cases/queue-backlog.ts";
import { queuePath } from "./cases/queue-path.ts";
import { spawnPath } from "./cases/spawn-path.ts";
import { spawnRoute } from "./cases/spawn-route.ts";
import { startUp } from "./cases/start-up.ts";
import { takeOverTime } from "./cases/take-over.ts";
import { valkeyBacklog } from "./cases/valkey-backlog.ts";
import { valkeyQueue } from "./cases/valkey-queue.ts";
import { valkeyStream } from "./cases/valkey-stream.ts";
import { valkeyTransitions } from "./cases/valkey-transitions.ts";
import { type BenchCase, type Figure, ratioOf, reached } from "./measure.ts";

// `npm run bench [name ...]`: measures, prints a table, writes bench/results/latest.json. It judges nothing but its own
// bars; figures without a floor depend on the machine.

const CASES: readonly BenchCase[] = [
  startUp,
  spawnRoute,
  queuePath,
  queueBacklog,
  eventLog,
  eventStream,
  gatewayLatency,
  gitWork,
  spawnPath,
  killSwitch,
  crashRecovery,
  valkeyQueue,
  valkeyBacklog,
  valkeyTransitions,
  valkeyStream,
  postgresBudget,
  takeOverTime,
];

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);

function line(figure: Figure): string {
  const ratio = ratioOf(figure);
  const bar = figure.bar;
  const verdict = reached(figure);
  return [
    figure.what.padEnd(70),
    `${number(figure.value)} ${figure.unit}`.padEnd(18),
    (figure.floor === null ? "" : number(figure.floor)).padEnd(10),
    (ratio === null ? "" : `${ratio.toFixed(2)} x`).padEnd(9),
    (bar === null
      ? ""
      : `${bar.at === "least" ? ">=" : "<="} ${bar.limit}${bar.of === "ratio" ? " x" : ""}`
    ).padEnd(10),
    verdict === null ? "" : verdict ? "reached" : "MISSED",
  ].join(" ");
}

const wanted = process.argv.slice(2);
const results: {
  case: string;
  figures: readonly (Figure & { ratio: number | null; reached: boolean | null })[];
}[] = [];
console.log(
  [
    "what".padEnd(70),
    "measured".padEnd(18),
    "floor".padEnd(10),
    "ratio".padEnd(9),
    "bar".padEnd(10),
    "",
  ].join(" "),
);
for (const benchCase of CASES) {
  if (wanted.length > 0 && !wanted.includes(benchCase.name)) continue;
  const figures = await benchCase.run();
  for (const figure of figures) console.log(line(figure));
  results.push({
    case: benchCase.name,
    figures: figures.map((figure) => ({ ...figure, ratio: ratioOf(figure), reached: reached(figure) })),
  });
}
const folder = new URL("results/", import.meta.url);
mkdirSync(folder, { recursive: true });
const machine = { node: process.version, cores: cpus().length, model: cpus()[0]?.model ?? "unknown" };
writeFileSync(new URL("latest.json", folder), `${JSON.stringify({ machine, results }, null, 2)}\n`);
