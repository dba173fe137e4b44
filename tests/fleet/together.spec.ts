import { ApiError } from "@mosaic/client";
import { processesMentioning } from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { newServers, type Servers } from "../store-mode.ts";
import { scenario, startSystem, type System } from "../system.ts";

let servers: Servers;
let systems: System[];
beforeEach(async () => {
  servers = await newServers();
  systems = [];
});
afterEach(async () => {
  await Promise.all(systems.map((system) => system.close()));
  await servers.close();
});

async function start(upstream = "waits", env: Readonly<Record<string, string>> = {}): Promise<System> {
  const several = { MAX_CONCURRENT_AGENTS: "4", ORCHESTRATOR_QUEUE_CONCURRENCY: "4" };
  const system = await startSystem(scenario(upstream), { ...servers.env, ...several, ...env });
  systems.push(system);
  return system;
}

/** Processes of an agent, those that save its work left out: its owner answers when that is done. */
async function leftOf(owner: System, agentId: string): Promise<readonly number[]> {
  await owner.client.call("getAgentSalvage", { params: { agentId } });
  return await processesMentioning(agentId);
}

const working = async (system: System, agentId: string): Promise<string> => {
  await system.seen(agentId, "transcript.tool_call");
  return agentId;
};

it("each knows the others, and whoever ends in order is on no list any more", async () => {
  const [one, two] = [await start(), await start()];
  const { items } = await one.client.call("listOrchestrators");
  const known = new Map(items.map(({ url, alive, self }) => [url, { alive, self }]));
  expect(known).toEqual(
    new Map([
      [one.url, { alive: true, self: true }],
      [two.url, { alive: true, self: false }],
    ]),
  );
  await systems.pop()?.close();
  expect((await one.client.call("listOrchestrators")).items).toHaveLength(1);
});

it("an agent is killed through any orchestrator, with the receipt of the one that ran it", async () => {
  const runs = await start();
  const agentId = await working(runs, await runs.spawn());
  const other = await start();
  const receipt = await other.client.call("killAgent", {
    params: { agentId },
    body: { reason: "from afar" },
  });
  expect(receipt).toMatchObject({ status: "killed", previousStatus: "running", residual: [] });
  expect(receipt.steps.map(({ name }) => name)).toContain("sandbox killed");
  expect(await leftOf(runs, agentId)).toEqual([]);
  const { items } = await other.client.call("listAudit");
  expect(items.at(-1)).toMatchObject({ action: "agent.kill", subject: agentId, reason: "from afar" });
  await expect(other.client.call("killAgent", { params: { agentId } })).rejects.toMatchObject({
    problem: { code: "illegal_transition" },
  });
});

it("an agent is cancelled through any orchestrator", async () => {
  const runs = await start("waits", { MOSAIC_CANCEL_GRACE_SECONDS: "1" });
  const agentId = await working(runs, await runs.spawn());
  const other = await start();
  const answer = await other.client.call("cancelAgent", { params: { agentId } });
  expect(["failed", "killed"]).toContain(answer.status);
  await runs.seen(agentId, "agent.cleanup");
  expect(await processesMentioning(agentId)).toEqual([]);
});

it("kill-all reaches every orchestrator at once, and what waits", async () => {
  const one = await start();
  const mine = await working(one, await one.spawn());
  const more = await Promise.all([one.spawn(), one.spawn(), one.spawn(), one.spawn()]);
  const two = await start("waits", { MAX_CONCURRENT_AGENTS: "8" });
  await Promise.all(more.map((agentId) => working(two, agentId)));
  const answer = await two.client.call("killAll", { body: { reason: "drill" } });
  expect(answer).toMatchObject({ total: 5, killed: 5, failed: 0, errors: [], silent: [] });
  expect(answer.receipts.map(({ agentId }) => agentId).sort()).toEqual([mine, ...more].sort());
  // Whoever has an agent's files answers when they are saved; the other one says whose they are.
  for (const agentId of [mine, ...more]) {
    await Promise.allSettled([leftOf(one, agentId), leftOf(two, agentId)]);
    expect(await processesMentioning(agentId)).toEqual([]);
  }
  expect(await one.client.call("queueStats")).toMatchObject({ active: 0, pending: 0, delayed: 0 });
});

it("the limit holds over all of them, and a pause stops all", async () => {
  const limit = { MAX_CONCURRENT_AGENTS: "3", ORCHESTRATOR_QUEUE_CONCURRENCY: "2" };
  const [one, two] = [await start("waits", limit), await start("waits", limit)];
  const agents = await Promise.all(Array.from({ length: 6 }, (_, index) => (index % 2 ? one : two).spawn()));
  const running = async (): Promise<string[]> =>
    (await one.client.call("listAgents", { query: { status: ["running"], limit: 50 } })).items.map(
      ({ agentId }) => agentId,
    );
  while ((await running()).length < 3);
  expect(await two.client.call("queueStats")).toMatchObject({ active: 3, pending: 3 });
  const owners = (await one.client.call("listOrchestrators")).items.map((instance) => instance.url);
  expect(owners).toHaveLength(2);
  await two.client.call("pauseQueue");
  const [first = ""] = await running();
  expect(await one.client.call("killAgent", { params: { agentId: first } })).toMatchObject({
    status: "killed",
  });
  expect(await one.client.call("queueStats")).toMatchObject({ active: 2, pending: 3, paused: true });
  await one.client.call("resumeQueue");
  while ((await running()).length < 3);
  expect(agents).toHaveLength(6);
});

it("says where to ask for what lies on another orchestrator's disk", async () => {
  const runs = await start("repaired-at-once");
  const agentId = await runs.spawn({ gateProfile: "minimal" });
  await runs.ended(agentId);
  const other = await start();
  const error = await other.client
    .call("getAgentDiff", { params: { agentId } })
    .catch((problem: unknown) => problem);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ problem: { code: "agent_elsewhere", status: 421 } });
  expect(String(error)).toContain(runs.url);
  expect(await runs.client.call("getAgentDiff", { params: { agentId } })).toMatchObject({ agentId });
  // Everything else is answered by any of them.
  expect(await other.client.call("getAgent", { params: { agentId } })).toMatchObject({ status: "completed" });
});

it("events of one are streamed by the other, in the same order", async () => {
  const [one, two] = [await start("repaired-at-once"), await start("repaired-at-once")];
  const agentId = await one.spawn({ gateProfile: "minimal" });
  await two.ended(agentId);
  const ids = (system: System) =>
    system.events(agentId).then((events) => events.map(({ id, type }) => [id, type]));
  expect(await ids(two)).toEqual(await ids(one));
});
