import { ApiError } from "@mosaic/client";
import { processesMentioning } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ADMIN } from "./store-mode.ts";
import { scenario, startSystem, type System } from "./system.ts";

let system: System;
const cancel = (agentId: string, reason = "no longer wanted") =>
  system.client.call("cancelAgent", { params: { agentId }, body: { reason } });
const agentOf = (agentId: string) => system.client.call("getAgent", { params: { agentId } });
const refusedWith = (code: string) => (error: unknown) =>
  error instanceof ApiError && error.problem?.code === code;

afterEach(() => system.close());

describe("cancelling an agent", () => {
  beforeEach(async () => {
    system = await startSystem(scenario("waits"), { MOSAIC_CANCEL_GRACE_SECONDS: "5" });
  });

  it("interrupts its turn: it ends as failed, cancelled, with its work salvaged, and is not retried", async () => {
    const agentId = await system.spawn();
    await system.seen(agentId, "transcript.tool_call");
    expect(await cancel(agentId)).toEqual({
      agentId,
      status: "failed",
      reason: "cancelled",
      message: `Agent ${agentId} cancelled`,
    });
    await system.seen(agentId, "agent.cleanup");
    const agent = await agentOf(agentId);
    expect(agent).toMatchObject({
      reason: "cancelled",
      error: expect.stringMatching(/^cancelled by admin\S*: no longer wanted$/),
    });
    expect(agent.retriedBy).toBeUndefined();
    expect(await processesMentioning(agentId)).toEqual([]);
    const { items } = await system.client.call("listAudit");
    expect(items.at(-1)).toMatchObject({
      action: "agent.cancel",
      actor: expect.stringMatching(ADMIN),
      subject: agentId,
      reason: "no longer wanted",
      data: { stateBefore: "running", outcome: "failed", endReason: "cancelled" },
    });
  });

  it("ends a queued agent at once", async () => {
    await system.client.call("pauseQueue");
    const agentId = await system.spawn();
    expect(await cancel(agentId)).toMatchObject({ status: "failed", reason: "cancelled" });
    expect(await system.client.call("queueStats")).toMatchObject({ pending: 0 });
    await system.client.call("resumeQueue");
    const next = await system.spawn();
    await system.seen(next, "agent.running");
    expect((await system.events(agentId)).map(({ type }) => type)).not.toContain("task.assigned");
  });

  it("is refused for an agent that has ended, and for one nobody knows", async () => {
    const agentId = await system.spawn();
    await system.seen(agentId, "transcript.tool_call");
    await cancel(agentId);
    await expect(cancel(agentId)).rejects.toSatisfy(refusedWith("illegal_transition"));
    const nobody = "00000000-0000-4000-8000-000000000000";
    await expect(cancel(nobody)).rejects.toSatisfy(refusedWith("agent_not_found"));
  });

  it("gives way to a kill that comes in its grace", async () => {
    const agentId = await system.spawn();
    await system.seen(agentId, "transcript.tool_call");
    const [cancelled, killed] = await Promise.allSettled([
      cancel(agentId),
      system.client.call("killAgent", { params: { agentId } }),
    ]);
    expect(cancelled.status).toBe("fulfilled");
    // Whichever came to the end first: it is one end, and nothing is left.
    const { status } = await agentOf(agentId);
    expect(status).toBe(killed.status === "fulfilled" ? "killed" : "failed");
    expect(await processesMentioning(agentId)).toEqual([]);
  });
});

it("an agent that does not stop in its grace is killed, with a receipt that says why", async () => {
  system = await startSystem(scenario("waits"), { MOSAIC_CANCEL_GRACE_SECONDS: "0" });
  const agentId = await system.spawn();
  await system.seen(agentId, "transcript.tool_call");
  const answer = await cancel(agentId);
  expect(answer).toMatchObject({ status: "killed", reason: "killed", receipt: { residual: [] } });
  expect((await agentOf(agentId)).error).toContain("(cancelled; it did not stop within 0 s)");
  expect(await processesMentioning(agentId)).toEqual([]);
});
