import { RUN_POINTS } from "../../apps/orchestrator/src/spawner/step-points.ts";
import { noFindings, type Findings } from "../crash/invariants.ts";
import type { Drill, ScenarioResult } from "../drill.ts";
import { crowd } from "./crowd.ts";
import { cutOff } from "./cut-off.ts";
import { emptied } from "./emptied.ts";
import { frozen } from "./frozen.ts";
import { killAllWithSilent } from "./kill-all.ts";
import { killedAtEachPoint, STOP_POINTS, stoppedAtPoints } from "./killed-at-point.ts";
import { race } from "./race.ts";
import { serversKilled } from "./servers-killed.ts";
import { wrongClock } from "./wrong-clock.ts";

const SERVER_KILLS = 4;
const CUTS = 2;
const FREEZES = 8;
const RACES = 1000;
const CROWD = 50;

/** Three orchestrators on one Valkey and one PostgreSQL: any of them killed, stopped, cut off or misled. */
export const drill: Drill = {
  name: "fleet",
  modes: ["distributed"],
  async run(report) {
    const play = async (name: string, scenario: Scenario): Promise<void> => {
      if (report.wants(name)) report.scenario(name, await playOne(scenario));
    };
    await play("one killed at each step, two live", async ({ found }) => {
      await killedAtEachPoint(found);
      return { tries: RUN_POINTS.length };
    });
    await play("one stopped at a step until others did its task", async ({ found }) => {
      await stoppedAtPoints(found);
      return { tries: STOP_POINTS.length };
    });
    // What mostly waits is played beside its like.
    const killed = ([["valkey"], ["postgres"], ["valkey", "postgres"]] as const).map((servers) =>
      play(`${servers.join(" and ")} killed under load`, async ({ found, random }) => {
        await serversKilled({ servers, kills: SERVER_KILLS, random, found });
        return { tries: SERVER_KILLS };
      }),
    );
    await Promise.all(killed);
    for (const server of ["VALKEY_URL", "DATABASE_URL"] as const) {
      const cuts = (["cut", "reset"] as const).map((how) =>
        play(`one ${WAYS[how]} ${NAMES[server]}, and back`, async ({ found, random }) => {
          await cutOff({ server, how, tries: CUTS, random, found });
          return { tries: CUTS };
        }),
      );
      await Promise.all(cuts);
    }
    await play("any stopped for longer than its lease", async ({ found, random }) => {
      await frozen({ tries: FREEZES, random, found });
      return { tries: FREEZES };
    });
    await play("two race for one task", async ({ found }) => ({
      tries: RACES,
      details: [await race(RACES, found)],
    }));
    const clocks = ([1, -1] as const).map((sign) =>
      play(`one clock five minutes ${sign > 0 ? "ahead" : "behind"}`, async ({ found }) => {
        await wrongClock(sign, found);
        return { tries: 1 };
      }),
    );
    await Promise.all(clocks);
    const kills = (["dead", "frozen"] as const).map((first) =>
      play(`kill-all, one dead and one stopped; ${first} back first`, async ({ found }) => ({
        tries: 1,
        details: [`answered after ${Math.round(await killAllWithSilent(first, found))} ms`],
      })),
    );
    await Promise.all(kills);
    await play(`${CROWD} tasks on three, one killed in the middle`, async ({ found }) => {
      await crowd(CROWD, found);
      return { tries: CROWD };
    });
    const emptyings = (["flushed", "restarted"] as const).map((how) =>
      play(`valkey emptied: ${how}`, async ({ found }) => {
        await emptied(how, found);
        return { tries: 1 };
      }),
    );
    await Promise.all(emptyings);
  },
};

const WAYS = { cut: "cut off from", reset: "refused by" } as const;
const NAMES = { VALKEY_URL: "valkey", DATABASE_URL: "postgres" } as const;

interface Playing {
  readonly found: Findings;
  readonly random: () => number;
}

type Scenario = (
  playing: Playing,
) => Promise<{ readonly tries: number; readonly details?: readonly string[] }>;

/** What a scenario throws is a violation. Its moments are told, so that it can be played again. */
async function playOne(scenario: Scenario): Promise<ScenarioResult> {
  const found = noFindings();
  const moments: number[] = [];
  const random = (): number => moments[moments.push(Math.random()) - 1] ?? 0;
  const started = performance.now();
  const played = await scenario({ found, random }).catch((error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    found.violations.push(`could not be played to its end: ${text}`);
    return { tries: 1 };
  });
  const kinds = ["survivors", "losses", "violations"] as const;
  return {
    tries: played.tries,
    survivors: found.survivors.length,
    losses: found.losses.length,
    violations: found.violations.length,
    slowestMs: performance.now() - started,
    details: [
      ...kinds.flatMap((kind) => found[kind].map((text) => `${kind}: ${text}`)),
      ...("details" in played ? (played.details ?? []) : []),
      ...(moments.length === 0 ? [] : [`random: ${moments.map((part) => part.toFixed(3)).join(", ")}`]),
    ],
  };
}
