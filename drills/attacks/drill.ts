import type { Drill, DrillReport, ScenarioResult } from "../drill.ts";
import { type Adapter, bubblewrap, ENGINES, startEngine } from "./adapters.ts";
import { type Arena, openArena } from "./arena.ts";
import { CROWDS, killCrowd } from "./crowd.ts";
import { flood, FLOODING } from "./flooding.ts";
import { orphans } from "./orphans.ts";
import { REACHING, tryToReach } from "./reaching.ts";
import { killStaying, STAYING } from "./staying.ts";

/** Hostile agents against a whole Mosaic, per sandbox adapter: what survives a kill, what is reached, how long it takes. */
export const drill: Drill = {
  name: "attacks",
  modes: ["embedded", "distributed"],
  async run(report) {
    await playAll(bubblewrap, report);
    for (const kind of ENGINES) await playOn(kind, report);
  },
};

async function playOn(kind: (typeof ENGINES)[number], report: DrillReport): Promise<void> {
  const engine = await startEngine(kind);
  if (typeof engine === "string") {
    process.stderr.write(`  ${kind.name} is left out: ${engine}\n`);
    return;
  }
  try {
    await playAll(engine, report);
  } finally {
    await engine.close();
  }
}

async function playAll(adapter: Adapter, report: DrillReport): Promise<void> {
  const arena = await openArena(adapter);
  const play = async (what: string, scenario: (arena: Arena) => Promise<ScenarioResult>): Promise<void> => {
    const name = `${adapter.name}: ${what}`;
    if (report.wants(name)) report.scenario(name, await scenario(arena).catch(unplayable));
  };
  try {
    for (const attack of STAYING) await play(attack, () => killStaying(arena, attack));
    for (const attack of REACHING) await play(attack.name, () => tryToReach(arena, attack));
    for (const attack of FLOODING) await play(attack, () => flood(arena, attack));
    for (const crowd of CROWDS)
      await play(`${crowd.agents} hostile agents, killed by one order`, () => killCrowd(arena, crowd));
    await play("orchestrator killed, a sibling lives", async () => {
      const sibling = await openArena(adapter);
      try {
        return await orphans(arena, sibling);
      } finally {
        await sibling.close();
      }
    });
  } finally {
    await arena.close();
  }
}

function unplayable(error: unknown): ScenarioResult {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { tries: 1, survivors: 0, losses: 0, violations: 1, slowestMs: 0, details: text.split("\n") };
}
