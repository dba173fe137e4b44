import { type AttackCase, refused, violationsOf } from "../../tests/hostile/attack-case.ts";
import { GATE_ATTACKS } from "../../tests/hostile/gate-attacks.ts";
import { type Range, startRange } from "../../tests/hostile/range.ts";
import { canaryNames, TREE_ATTACKS } from "../../tests/hostile/tree-attacks.ts";
import type { Drill, ScenarioResult } from "../drill.ts";

/** The real sizes, which the tests only hint at with low limits. */
const GIANTS: readonly AttackCase[] = [
  {
    name: "a million files",
    script: "mkdir many && cd many && seq 1000000 | xargs touch",
    ends: refused(/more than 400000 files and folders/),
  },
  {
    name: "10 GB of sparse files, of which none alone may be that large",
    script: "truncate -s 10G big; for i in $(seq 25); do truncate -s 400M sparse$i; done",
    ends: refused(/more than 8589934592 bytes/),
  },
];
const DEFAULT_LIMITS = { MOSAIC_TREE_MAX_ENTRIES: "400000", MOSAIC_TREE_MAX_BYTES: "8589934592" };

/** Hostile repositories and hostile gates against the whole system: nothing of the host is run, read or written. */
export const drill: Drill = {
  name: "hostile",
  async run(report) {
    const named = (range: Range, attack: AttackCase): AttackCase => ({
      ...attack,
      script: `${canaryNames(range.canary)}${attack.script ?? ""}`,
    });
    report.scenario("attacks from an agent's tree; whole task", await playAll(TREE_ATTACKS, {}, named));
    report.scenario("attacks on the change's own gates; whole task", await playAll(GATE_ATTACKS, {}));
    report.scenario("a million files, 10 GB; whole task", await playAll(GIANTS, DEFAULT_LIMITS));
  },
};

async function playAll(
  attacks: readonly AttackCase[],
  env: Readonly<Record<string, string>>,
  prepare: (range: Range, attack: AttackCase) => AttackCase = (_, attack) => attack,
): Promise<ScenarioResult> {
  const range = await startRange(env);
  const details: string[] = [];
  let slowestMs = 0;
  try {
    const honest: AttackCase = { name: "the next task", ends: "completed" };
    const play = async (attack: AttackCase): Promise<void> => {
      try {
        const played = await range.play(prepare(range, attack));
        slowestMs = Math.max(slowestMs, played.durationMs);
        details.push(...violationsOf(attack, played).map((violation) => `${attack.name}: ${violation}`));
      } catch (error) {
        // The range throws when an attack reached the host.
        details.push(`${attack.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    await Promise.all(attacks.map(play));
    await play(honest);
  } finally {
    await range.close();
  }
  const tries = attacks.length + 1;
  return { tries, survivors: 0, losses: 0, violations: details.length, slowestMs, details };
}
