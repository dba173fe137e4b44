import { processesMentioning } from "@mosaic/testing";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Mosaic, scenarioFile } from "../../drills/mosaic-process.ts";
import { attemptsOf, type Fleet, pushedBranches, seen, startFleet } from "../fleet.ts";

let fleet: Fleet;
beforeEach(async () => {
  fleet = await startFleet(scenarioFile("works-then-waits"));
});
afterEach(() => fleet.close());

/** The others repair the task at once. */
const HEALTHY = { MOSAIC_MODEL_UPSTREAM: scenarioFile("repaired-at-once") };
const TIMEOUT = 120_000;

/** An orchestrator that is about to be lost, and an agent that has begun its work there. */
async function lostAtWork(
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly lost: Mosaic; readonly agentId: string }> {
  const lost = await fleet.start("lost", env);
  const agentId = await fleet.spawn(lost, "t");
  await seen(lost, agentId, "transcript.tool_result");
  return { lost, agentId };
}

it(
  "a dead orchestrator's task is taken over and done once; what it left is saved when it is back",
  { timeout: TIMEOUT },
  async () => {
    const { lost, agentId } = await lostAtWork();
    const other = await fleet.start("other", HEALTHY);
    await lost.kill();
    expect(await processesMentioning(agentId)).toEqual([]);
    const attempts = await attemptsOf(other, agentId);
    expect(attempts.map(({ status, reason }) => [status, reason])).toEqual([
      ["failed", "interrupted"],
      ["completed", undefined],
    ]);
    expect(await pushedBranches(fleet)).toHaveLength(1);
    const back = await fleet.start("lost", HEALTHY);
    await seen(back, agentId, "agent.cleanup");
    expect(await readdir(join(fleet.home("lost"), "workspaces"))).toEqual([]);
    const { items } = await back.client.call("getAgentSalvage", { params: { agentId } });
    expect(items.map(({ kind }) => kind)).toContain("salvage");
  },
);

it(
  "one that was stopped for longer than its lease comes back to nothing: it writes and pushes nothing",
  { timeout: TIMEOUT },
  async () => {
    const { lost, agentId } = await lostAtWork();
    const other = await fleet.start("other", HEALTHY);
    process.kill(lost.pid, "SIGSTOP");
    const attempts = await attemptsOf(other, agentId);
    expect(attempts.map(({ status }) => status)).toEqual(["failed", "completed"]);
    const before = await other.client.call("listAgentEvents", {
      params: { agentId },
      query: { limit: 1000 },
    });
    process.kill(lost.pid, "SIGCONT");
    // It finds that the task is another's, and cleans up after itself.
    await seen(other, agentId, "agent.cleanup");
    const after = await other.client.call("listAgentEvents", { params: { agentId }, query: { limit: 1000 } });
    const added = after.items.slice(before.items.length).map(({ type }) => type);
    expect(added).toEqual(["agent.cleanup"]);
    expect(await processesMentioning(agentId)).toEqual([]);
    expect(await pushedBranches(fleet)).toHaveLength(1);
    expect(await other.client.call("queueStats")).toMatchObject({ active: 0, completed: 1, failed: 0 });
  },
);

it(
  "a kill that its orchestrator cannot hear of is no kill: it says so, and is made whole when that one is back",
  { timeout: TIMEOUT },
  async () => {
    const { lost, agentId } = await lostAtWork();
    const other = await fleet.start("other", HEALTHY);
    await lost.kill();
    const answer = await other.client.call("killAll", { body: { reason: "drill" } });
    expect(answer.silent).toHaveLength(1);
    expect(answer.errors).toEqual([{ agentId, error: expect.stringContaining("did not answer") }]);
    const held = await other.client.call("getAgent", { params: { agentId } });
    expect(held).toMatchObject({ status: "running", killRequestedAt: expect.any(String) });
    const back = await fleet.start("lost");
    await seen(back, agentId, "agent.killed");
    const killed = await other.client.call("getAgent", { params: { agentId } });
    expect(killed).toMatchObject({ status: "killed", details: { receipt: { residual: [] } } });
    expect(killed.retriedBy).toBeUndefined();
    expect(await pushedBranches(fleet)).toEqual([]);
  },
);

it(
  "one that will not come back is given up: its kills are made whole, its tasks go on at once",
  { timeout: TIMEOUT },
  async () => {
    const { lost, agentId: killed } = await lostAtWork({ MOSAIC_LEASE_SECONDS: "600" });
    const going = await fleet.spawn(lost, "going");
    await seen(lost, going, "transcript.tool_result");
    const other = await fleet.start("other", { ...HEALTHY, MOSAIC_LEASE_SECONDS: "600" });
    const { items } = await other.client.call("listOrchestrators");
    const instanceId = items.find(({ self }) => !self)?.instanceId ?? "";
    const forget = () =>
      other.client.call("forgetOrchestrator", { params: { instanceId }, body: { reason: "burnt down" } });
    await expect(forget()).rejects.toMatchObject({ problem: { code: "orchestrator_alive" } });
    await lost.kill();
    await other.client.call("killAgent", { params: { agentId: killed }, body: { reason: "drill" } });
    let answer: Awaited<ReturnType<typeof forget>> | null = null;
    while (answer === null) answer = await forget().catch(() => null);
    expect(answer.killed).toEqual([killed]);
    expect(await other.client.call("getAgent", { params: { agentId: killed } })).toMatchObject({
      status: "killed",
    });
    const attempts = await attemptsOf(other, going);
    expect(attempts.map(({ status }) => status)).toEqual(["failed", "completed"]);
    expect(await other.client.call("verifyAudit")).toMatchObject({ ok: true });
  },
);

it(
  "what a dead one left on this machine is saved by another one of the machine",
  { timeout: TIMEOUT },
  async () => {
    const { lost, agentId } = await lostAtWork();
    await lost.kill();
    const other = await fleet.start("other", HEALTHY);
    const listed = async () => (await other.client.call("listOrchestrators")).items;
    while ((await listed()).some(({ alive }) => !alive) || (await listed()).length > 1) {
      // A start looks around at once; until the heartbeat has run out the lost one may be alive.
      if ((await listed()).some(({ alive }) => !alive)) await (await fleet.start("third", HEALTHY)).stop();
    }
    expect(await readdir(join(fleet.home("lost"), "workspaces"))).toEqual([]);
    expect(await readdir(join(fleet.home("lost"), "aside"))).toEqual([]);
    const { items } = await other.client.call("listAudit");
    expect(items.map(({ action }) => action)).toContain("orchestrator.forget");
    await attemptsOf(other, agentId);
    // Whoever starts on its folder has its work back.
    const back = await fleet.start("lost", HEALTHY);
    const salvage = await back.client.call("getAgentSalvage", { params: { agentId } });
    expect(salvage.items.map(({ kind }) => kind)).toContain("salvage");
  },
);
