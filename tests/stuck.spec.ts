import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { processesMentioning } from "@mosaic/testing";
import { afterEach, expect, it } from "vitest";
import { scenario, startSystem, type System } from "./system.ts";

let system: System;
afterEach(() => system.close());

const start = async (name: string, env: Readonly<Record<string, string>>): Promise<string> => {
  system = await startSystem(scenario(name), { MOSAIC_CANCEL_GRACE_SECONDS: "1", ...env });
  return await system.spawn();
};
const typesOf = async (agentId: string): Promise<readonly string[]> =>
  (await system.events(agentId)).map(({ type }) => type);

async function expectNothingRuns(agentId: string): Promise<void> {
  await system.seen(agentId, "agent.cleanup");
  expect(await processesMentioning(agentId)).toEqual([]);
  expect(await readdir(join(system.home, "workspaces"))).toEqual([]);
  expect(await system.client.call("queueStats")).toMatchObject({ active: 0, pending: 0, delayed: 0 });
}

it("an agent that makes the same call over and over is warned of, then stopped as stuck, and not retried", async () => {
  const agentId = await start("endless-call", { MOSAIC_AGENT_LOOP_LIMIT: "6" });
  const agent = await system.ended(agentId);
  expect(agent).toMatchObject({
    status: "failed",
    reason: "stuck",
    error: "the same tool calls gave the same results 6 times in a row",
  });
  expect(agent.retriedBy).toBeUndefined();
  const events = await system.events(agentId);
  expect(events.find(({ type }) => type === "agent.stalled")?.data).toMatchObject({
    limit: "loop",
    detail: "the same tool calls gave the same results 3 times in a row",
  });
  expect(events.find(({ type }) => type === "agent.limit_reached")?.data).toMatchObject({
    limit: "loop",
    graceSeconds: 1,
  });
  await expectNothingRuns(agentId);
});

it("an agent of which nothing is heard is warned of, then stopped as stuck, with what it started", async () => {
  const agentId = await start("waits", { MOSAIC_AGENT_SILENCE_SECONDS: "2" });
  expect(await system.ended(agentId)).toMatchObject({
    status: "failed",
    reason: "stuck",
    error: expect.stringContaining("nothing was heard of the agent or its model"),
  });
  expect(await typesOf(agentId)).toEqual(expect.arrayContaining(["agent.stalled", "agent.limit_reached"]));
  await expectNothingRuns(agentId);
});

it("an agent that fills the disk is stopped, and what it wrote is salvaged", async () => {
  const agentId = await start("fills-disk", { MOSAIC_AGENT_DISK_MB: "3" });
  expect(await system.ended(agentId)).toMatchObject({
    status: "failed",
    reason: "disk_limit",
    error: expect.stringContaining("the limit is 3 MB"),
  });
  await expectNothingRuns(agentId);
  const cleanup = (await system.events(agentId)).find(({ type }) => type === "agent.cleanup");
  expect(JSON.stringify(cleanup?.data)).toContain("saved as refs/mosaic/salvage");
});

it("an agent that floods its output is stopped", async () => {
  const agentId = await start("floods-output", { MOSAIC_AGENT_OUTPUT_MB: "1" });
  expect(await system.ended(agentId)).toMatchObject({ status: "failed", reason: "output_limit" });
  await expectNothingRuns(agentId);
});

it("the wall clock and the number of turns end an agent, too", async () => {
  const agentId = await start("waits", { MOSAIC_AGENT_TIMEOUT_SECONDS: "2" });
  expect(await system.ended(agentId)).toMatchObject({ status: "failed", reason: "timeout" });
  await expectNothingRuns(agentId);
  await system.close();
  const other = await start("endless-call", { MOSAIC_AGENT_MAX_TURNS: "3" });
  expect(await system.ended(other)).toMatchObject({ status: "failed", reason: "max_turns" });
  await expectNothingRuns(other);
});

it("an agent within its limits is left alone", async () => {
  const agentId = await start("repaired", { MOSAIC_AGENT_LOOP_LIMIT: "2", MOSAIC_AGENT_DISK_MB: "64" });
  expect(await system.ended(agentId)).toMatchObject({ status: "completed" });
  expect(await typesOf(agentId)).not.toContain("agent.limit_reached");
});
