import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
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

it("the audit log names the first entry that was changed behind its back", async () => {
  const system = await startSystem(scenario("waits"));
  try {
    for (const _ of [1, 2]) {
      await system.client.call("pauseQueue");
      await system.client.call("resumeQueue");
    }
    const { items } = await system.client.call("listAudit", { query: { limit: 3 } });
    expect(items.map(({ action }) => action)).toContain("token.create");
    const rest = await system.client.call("listAudit", { query: { after: items.at(-1)?.seq ?? 0 } });
    expect(rest.items.map(({ action }) => action)).toEqual(["queue.paused", "queue.resumed"]);
    expect(await system.client.call("verifyAudit")).toEqual({ ok: true, entries: 5, brokenAt: null });
    const db = new DatabaseSync(join(system.home, "mosaic.db"));
    const triggers = db.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'",
    );
    for (const { name } of triggers.all()) db.exec(`DROP TRIGGER ${String(name)}`);
    db.exec("UPDATE audit SET actor = 'nobody' WHERE seq = 3");
    db.close();
    expect(await system.client.call("verifyAudit")).toEqual({ ok: false, entries: null, brokenAt: 3 });
  } finally {
    await system.close();
  }
});
