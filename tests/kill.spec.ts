import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ApiError } from "@mosaic/client";
import { processesMentioning } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MARKER, startFor } from "./kill-states.ts";
import type { System } from "./system.ts";

let system: System;
beforeEach(async () => {
  const env = { MAX_CONCURRENT_AGENTS: "4", ORCHESTRATOR_QUEUE_CONCURRENCY: "4" };
  system = await startFor({ upstream: "waits" }, env);
});
afterEach(() => system.close());

const working = (agentId: string) => system.seen(agentId, "transcript.tool_call");
const kill = (agentId: string, reason = "test") =>
  system.client.call("killAgent", { params: { agentId }, body: { reason } });
const refusedWith = (code: string) => (error: unknown) =>
  error instanceof ApiError && error.problem?.code === code;

describe("killing one agent (ORCH-117)", () => {
  it("leaves no process, socket, worktree or entry, and says so with a receipt", async () => {
    const agentId = await system.spawn();
    await working(agentId);
    const receipt = await kill(agentId, "it runs away");
    expect(receipt).toMatchObject({
      status: "killed",
      previousStatus: "running",
      residual: [],
      message: `Agent ${agentId} killed successfully`,
    });
    expect(receipt.steps.map((step) => step.name)).toEqual(
      expect.arrayContaining(["push forbidden", "socket revoked", "sandbox killed", "taken off the queue"]),
    );
    // The command of the scenario, and the child that left its session and ignores signals.
    expect(await processesMentioning(MARKER)).toEqual([]);
    expect(await readdir(join(system.home, "workspaces"))).toEqual([]);
    const agent = await system.client.call("getAgent", { params: { agentId } });
    expect(agent).toMatchObject({
      status: "killed",
      reason: "killed",
      error: expect.stringMatching(/^killed by admin\S*: it runs away$/),
    });
    expect(await system.client.call("queueStats")).toMatchObject({ active: 0, pending: 0 });
  });

  it("works while it is queued and the queue is paused", async () => {
    await system.client.call("pauseQueue");
    const agentId = await system.spawn();
    expect(await kill(agentId)).toMatchObject({ status: "killed", previousStatus: "spawning", residual: [] });
    await system.client.call("resumeQueue");
    const next = await system.spawn();
    await working(next);
    expect((await system.events(agentId)).map((event) => event.type)).not.toContain("task.assigned");
  });

  it("works while the queue is paused and the agent runs", async () => {
    const agentId = await system.spawn();
    await working(agentId);
    await system.client.call("pauseQueue");
    expect(await kill(agentId)).toMatchObject({ status: "killed", residual: [] });
  });

  it("is one kill when two people order it at once", async () => {
    const agentId = await system.spawn();
    await working(agentId);
    const [one, two] = await Promise.all([kill(agentId, "one"), kill(agentId, "two")]);
    expect(one.steps).toEqual(two.steps);
    const events = await system.events(agentId);
    expect(events.filter((event) => event.type === "agent.killed")).toHaveLength(1);
  });

  it("is refused for an agent that has ended, and for one nobody knows", async () => {
    const agentId = await system.spawn();
    await working(agentId);
    await kill(agentId);
    await expect(kill(agentId)).rejects.toSatisfy(refusedWith("illegal_transition"));
    await expect(kill("00000000-0000-4000-8000-000000000000")).rejects.toSatisfy(
      refusedWith("agent_not_found"),
    );
  });

  it("does not stop the next task: its place is free", async () => {
    const agentId = await system.spawn();
    await working(agentId);
    await kill(agentId);
    const next = await system.spawn();
    await working(next);
    expect(await system.client.call("queueStats")).toMatchObject({ active: 1 });
  });
});

describe("killing all (ORCH-117)", () => {
  it("stops what runs and what waits, and counts both", async () => {
    const running = await Promise.all([system.spawn(), system.spawn(), system.spawn(), system.spawn()]);
    await Promise.all(running.map(working));
    const waiting = await system.spawn();
    const answer = await system.client.call("killAll", { body: { reason: "drill" } });
    expect(answer).toMatchObject({
      message: "Kill all completed: 5 killed, 0 failed",
      total: 5,
      killed: 5,
      failed: 0,
      errors: [],
    });
    expect(await processesMentioning(MARKER)).toEqual([]);
    for (const agentId of [...running, waiting]) {
      expect(await system.client.call("getAgentStatus", { params: { agentId } })).toMatchObject({
        status: "killed",
      });
    }
    expect(await system.client.call("killAll")).toMatchObject({ total: 0, killed: 0 });
  });
});
