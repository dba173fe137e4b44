import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type GatedSystem, startGatedSystem } from "./gated-system.ts";
import { scenario } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

let system: GatedSystem;
afterEach(() => system.close());

const TWO_AT_ONCE = { MAX_CONCURRENT_AGENTS: "2", ORCHESTRATOR_QUEUE_CONCURRENCY: "2" };

it("tells both agents' readers, once, that two agents at work change the same file, and whether it would merge", async () => {
  const told = Promise.withResolvers<void>();
  // Whoever is gated first waits for the other: both are at work when the second is looked at.
  const judge = async (): Promise<null> => {
    await told.promise;
    return null;
  };
  system = await startGatedSystem(scenario("changes-one-file"), judge, TWO_AT_ONCE);
  const remote = await system.git.remote(TINY_REPOSITORY);
  const agents = [await system.spawn(remote), await system.spawn(remote)];
  const seen = await Promise.all(agents.map((agentId) => system.seen(agentId, "agent.overlap")));
  told.resolve();
  expect(seen.map((event) => event.data)).toEqual([
    { other: agents[1], files: ["src/mine.js"], conflicts: true },
    { other: agents[0], files: ["src/mine.js"], conflicts: true },
  ]);
  for (const agentId of agents) {
    await system.ended(agentId);
    const overlaps = (await system.events(agentId)).filter((event) => event.type === "agent.overlap");
    expect(overlaps).toHaveLength(1);
  }
});

it("says nothing of agents of other repositories, and leaves nothing of its look behind", async () => {
  const both = Promise.withResolvers<void>();
  let asked = 0;
  const judge = async (): Promise<null> => {
    asked += 1;
    if (asked === 2) both.resolve();
    await both.promise;
    return null;
  };
  system = await startGatedSystem(scenario("changes-one-file"), judge, TWO_AT_ONCE);
  const agents = [
    await system.spawn(await system.git.remote(TINY_REPOSITORY)),
    await system.spawn(await system.git.remote(TINY_REPOSITORY)),
  ];
  for (const agentId of agents) {
    expect(await system.ended(agentId)).toMatchObject({ status: "completed" });
    await system.seen(agentId, "agent.cleanup");
    const events = await system.events(agentId);
    expect(events.some((event) => event.type === "agent.overlap")).toBe(false);
  }
  expect(await readdir(join(system.home, "scratch"))).toEqual([]);
});
