import { RESTART_POINTS, RUN_POINTS } from "../../apps/orchestrator/src/spawner/step-points.ts";
import type { Drill, ScenarioResult } from "../drill.ts";
import { type CrashFindings, crashAtPoint, type CrashTry } from "./crash-at-point.ts";
import { randomKills } from "./random-kills.ts";

/** Tries at once: the machine that CI gives us has two cores. */
const AT_ONCE = 2;
const KILLS = 6;
/** The second pass of the loop, where a rejection has gone before. */
const SECOND_PASS = ["turn.prompted", "turn.ended", "snapshot.made", "gates.pre-commit.answered"];

/** Process death at every step boundary, and at random moments under load. */
export const drill: Drill = {
  name: "crash",
  modes: ["embedded", "distributed"],
  async run(report) {
    const first = RUN_POINTS.map((point): CrashTry => ({ point }));
    report.scenario("killed at each step; serving again", await play(first));
    const second = SECOND_PASS.map((point): CrashTry => ({ point: `${point}:2` }));
    report.scenario("killed at steps after a rejection; serving again", await play(second));
    const again = Object.entries(RESTART_POINTS).map(([point, after]): CrashTry => ({ point, after }));
    report.scenario("killed again at each step of a recovery; serving again", await play(again));
    const delays: number[] = [];
    const random = (): number => delays[delays.push(Math.random()) - 1] ?? 0;
    const loaded = await randomKills(KILLS, random);
    const moments = `killed after ${delays.map((part) => part.toFixed(3)).join(", ")} of 4 s`;
    const result = sum([{ name: "under load", found: loaded }]);
    report.scenario("killed at random under load; serving again", {
      ...result,
      tries: KILLS,
      details: [...(result.details ?? []), moments],
    });
  },
};

interface Played {
  readonly name: string;
  readonly found: CrashFindings;
}

async function play(tries: readonly CrashTry[]): Promise<ScenarioResult> {
  const waiting = [...tries];
  const played: Played[] = [];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      played.push({ name: next.point, found: await crashAtPoint(next) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return sum(played);
}

function sum(played: readonly Played[]): ScenarioResult {
  const count = (kind: "survivors" | "losses" | "violations"): number =>
    played.reduce((total, { found }) => total + found[kind].length, 0);
  return {
    tries: played.length,
    survivors: count("survivors"),
    losses: count("losses"),
    violations: count("violations"),
    slowestMs: Math.max(...played.map(({ found }) => found.servingMs)),
    details: played.flatMap(({ name, found }) =>
      (["survivors", "losses", "violations"] as const).flatMap((kind) =>
        found[kind].map((text) => `${name}: ${kind}: ${text}`),
      ),
    ),
  };
}
