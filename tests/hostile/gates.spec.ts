import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violationsOf } from "./attack-case.ts";
import { GATE_ATTACKS } from "./gate-attacks.ts";
import { type Played, PATIENCE_MS, type Range, startRange } from "./range.ts";

describe("a change that attacks its own gates", { timeout: PATIENCE_MS }, () => {
  let range: Range;
  const played = new Map<string, Promise<Played>>();
  beforeAll(async () => {
    range = await startRange();
    for (const attack of GATE_ATTACKS) {
      const play = range.play(attack);
      play.catch(() => undefined);
      played.set(attack.name, play);
    }
  });
  afterAll(() => range.close());

  it.each(GATE_ATTACKS)("is caught or harmless: it $name", async (attack) => {
    expect(violationsOf(attack, (await played.get(attack.name)) as Played)).toEqual([]);
  });

  it("leaves a system that serves the next task", async () => {
    await Promise.allSettled(played.values());
    const { agent } = await range.play({ gates: ["typecheck", "lint", "tests", "coverage"] });
    expect(agent, agent.error).toMatchObject({ status: "completed" });
    expect(await range.canary.marks()).toEqual([]);
  });
});
