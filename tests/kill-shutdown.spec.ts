import { processesMentioning } from "@mosaic/testing";
import { expect, it } from "vitest";
import { scenario, startSystem, type System } from "./system.ts";

const SEVERAL = { MAX_CONCURRENT_AGENTS: "3", ORCHESTRATOR_QUEUE_CONCURRENCY: "3" };
const working = (system: System, agentId: string) => system.seen(agentId, "transcript.tool_call");

it("a kill during a shutdown ends the wait for the agent, and is written down", async () => {
  const system = await startSystem(scenario("waits"), { MOSAIC_SHUTDOWN_GRACE_SECONDS: "3600" });
  const agentId = await system.spawn();
  await working(system, agentId);
  // Whoever waits for an hour's grace is waiting for this agent.
  const closed = system.close();
  const receipt = await system.client.call("killAgent", { params: { agentId } });
  expect(receipt).toMatchObject({ status: "killed", residual: [] });
  await closed;
  expect(await processesMentioning(agentId)).toEqual([]);
});

it("kill-all leaves nothing that was admitted while it ran, and lets the queue go on afterwards", async () => {
  const system = await startSystem(scenario("waits"), SEVERAL);
  try {
    const running = await Promise.all([system.spawn(), system.spawn(), system.spawn()]);
    await Promise.all(running.map((agentId) => working(system, agentId)));
    const waiting = await Promise.all([system.spawn(), system.spawn()]);
    const answer = await system.client.call("killAll", { body: { reason: "drill" } });
    expect(answer.errors).toEqual([]);
    expect(answer.receipts.map(({ agentId }) => agentId).sort()).toEqual([...running, ...waiting].sort());
    // No place that a kill made free was given to one that waited.
    for (const agentId of waiting) {
      expect((await system.events(agentId)).map(({ type }) => type)).not.toContain("task.assigned");
    }
    const { items } = await system.client.call("listAudit");
    expect(items.at(-1)).toMatchObject({ action: "agents.kill_all", reason: "drill", data: { total: 5 } });
    await working(system, await system.spawn());
  } finally {
    await system.close();
  }
});
