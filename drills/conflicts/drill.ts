import { MOVED_POINTS } from "../../apps/orchestrator/src/spawner/step-points.ts";
import { playRandomMoves } from "../../tests/random-moves.ts";
import { isDistributed } from "../../tests/store-mode.ts";
import type { Findings } from "../crash/invariants.ts";
import type { Drill, ScenarioResult } from "../drill.ts";
import { crashWhileMoved } from "./crash-while-moved.ts";

const SEEDS = [11, 12, 13];
/** Git does not depend on the store: there one seed shows that the rest does neither. */
const SEEDS_DISTRIBUTED = [11];
const AGENTS = 6;

/** A base branch that moves under agents: what is pushed is proven all the same, and a crash in between loses nothing. */
export const drill: Drill = {
  name: "conflicts",
  modes: ["embedded", "distributed"],
  async run(report) {
    const started = performance.now();
    const violations: string[] = [];
    const seeds = isDistributed() ? SEEDS_DISTRIBUTED : SEEDS;
    let pushed = 0;
    for (const seed of seeds) {
      const played = await playRandomMoves(seed, AGENTS);
      pushed += played.pushed;
      violations.push(...played.violations.map((text) => `seed ${seed}: ${text}`));
    }
    if (pushed === 0) violations.push("nothing was ever pushed");
    report.scenario("the base moves at random under agents on one file; all of them", {
      tries: seeds.length * AGENTS,
      survivors: 0,
      losses: 0,
      violations: violations.length,
      slowestMs: performance.now() - started,
      details: [
        ...violations,
        `${pushed} of ${seeds.length * AGENTS} were pushed, the others lost to the chance`,
      ],
    });
    report.scenario("killed at each step of an integration; serving again", await killedAtEachStep());
  },
};

async function killedAtEachStep(): Promise<ScenarioResult> {
  const found: Findings = { survivors: [], losses: [], violations: [] };
  let slowestMs = 0;
  for (const point of MOVED_POINTS) {
    const one = await crashWhileMoved(point);
    slowestMs = Math.max(slowestMs, one.servingMs);
    for (const kind of ["survivors", "losses", "violations"] as const)
      found[kind].push(...one[kind].map((text) => `${point}: ${text}`));
  }
  return {
    tries: MOVED_POINTS.length,
    survivors: found.survivors.length,
    losses: found.losses.length,
    violations: found.violations.length,
    slowestMs,
    details: Object.values(found).flat(),
  };
}
