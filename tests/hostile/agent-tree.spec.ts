import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violationsOf } from "./attack-case.ts";
import { type Played, PATIENCE_MS, type Range, startRange } from "./range.ts";
import { canaryNames, TREE_ATTACKS } from "./tree-attacks.ts";

describe("an agent that attacks from its tree", { timeout: PATIENCE_MS }, () => {
  let range: Range;
  const played = new Map<string, Promise<Played>>();
  beforeAll(async () => {
    range = await startRange();
    for (const attack of TREE_ATTACKS) {
      const play = range.play({ ...attack, script: `${canaryNames(range.canary)}${attack.script ?? ""}` });
      play.catch(() => undefined);
      played.set(attack.name, play);
    }
  });
  afterAll(() => range.close());

  it.each(TREE_ATTACKS)("is held: $name", async (attack) => {
    expect(violationsOf(attack, (await played.get(attack.name)) as Played)).toEqual([]);
  });

  it("leaves a system that serves the next task", async () => {
    await Promise.allSettled(played.values());
    const { agent } = await range.play({});
    expect(agent, agent.error).toMatchObject({ status: "completed" });
    expect(await range.canary.marks()).toEqual([]);
  });
});
