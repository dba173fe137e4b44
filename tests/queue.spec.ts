import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiError } from "@mosaic/client";
import { scenario, startSystem, type System } from "./system.ts";

let system: System;
beforeEach(async () => {
  system = await startSystem(scenario("repaired-at-once"), { MOSAIC_QUEUE_MAX_PENDING: "4" });
});
afterEach(() => system.close());

const starts = async (ids: readonly string[]): Promise<string[]> => {
  const times = await Promise.all(
    ids.map(async (id) => ({ id, at: (await system.ended(id)).startedAt ?? "" })),
  );
  return times.sort((a, b) => a.at.localeCompare(b.at)).map(({ id }) => id);
};

describe("the queue", () => {
  it("holds tasks while it is paused, and runs them by priority, first in first out, when it is resumed", async () => {
    await system.client.call("pauseQueue");
    const low = await system.spawn({ options: { priority: 2 } });
    const first = await system.spawn({ options: { priority: 5 } });
    const second = await system.spawn({ options: { priority: 5 } });
    const high = await system.spawn({ options: { priority: 9 } });
    expect(await system.client.call("queueStats")).toMatchObject({ pending: 4, active: 0, paused: true });
    for (const agentId of [low, first, second, high]) {
      expect(await system.client.call("getAgentStatus", { params: { agentId } })).toMatchObject({
        status: "spawning",
      });
    }
    await system.client.call("resumeQueue");
    expect(await starts([low, first, second, high])).toEqual([high, first, second, low]);
    await system.seen(low, "agent.cleanup");
    expect(await system.client.call("queueStats")).toMatchObject({
      pending: 0,
      active: 0,
      completed: 4,
      paused: false,
    });
  });

  it("records a pause once, however often and by however many it is asked for", async () => {
    const pause = (): Promise<unknown> => system.client.call("pauseQueue");
    expect(await pause()).toEqual({ paused: true, changed: true });
    expect(await Promise.all([pause(), pause()])).toMatchObject([{ changed: false }, { changed: false }]);
    const resumed = await Promise.all([1, 2].map(() => system.client.call("resumeQueue")));
    // Which of the two comes first is the network's to say.
    expect(resumed.filter(({ changed }) => changed)).toHaveLength(1);
    const { items } = await system.client.call("listAudit", { query: {} });
    expect(items.map(({ action }) => action).filter((action) => action.startsWith("queue."))).toEqual([
      "queue.paused",
      "queue.resumed",
    ]);
  });

  it("answers 429 with Retry-After at its bound, and nothing is written", async () => {
    await system.client.call("pauseQueue");
    for (let index = 0; index < 4; index += 1) await system.spawn();
    const response = await fetch(`${system.url}/agents/spawn`, {
      method: "POST",
      headers: { authorization: `Bearer ${system.token}`, "content-type": "application/json" },
      body: JSON.stringify({
        taskId: "one-too-many",
        agentType: "worker",
        context: { repository: await system.remote(), branch: "main", workItems: ["x"] },
      }),
    });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ code: "queue_full" });
    const { items } = await system.client.call("listAgents", { query: { taskId: "one-too-many" } });
    expect(items).toEqual([]);
  });

  it("answers a repeated task with the same agent, another body with 409, also when both come at once", async () => {
    await system.client.call("pauseQueue");
    const repository = await system.remote();
    const ids = await Promise.all(
      Array.from({ length: 5 }, () => system.spawn({ taskId: "same", repository, options: { priority: 7 } })),
    );
    expect(new Set(ids).size).toBe(1);
    expect(await system.client.call("queueStats")).toMatchObject({ pending: 1 });
    const other = system.spawn({ taskId: "same", repository, options: { priority: 1 } });
    await expect(other).rejects.toSatisfy(
      (error) => error instanceof ApiError && error.problem?.code === "task_conflict",
    );
  });
});

describe("the limits", () => {
  it("are never overshot: MAX_CONCURRENT_AGENTS and ORCHESTRATOR_QUEUE_CONCURRENCY", async () => {
    await system.close();
    system = await startSystem(scenario("repaired-at-once"), {
      MAX_CONCURRENT_AGENTS: "2",
      ORCHESTRATOR_QUEUE_CONCURRENCY: "5",
    });
    const ids = await Promise.all(Array.from({ length: 5 }, () => system.spawn()));
    const ends = await Promise.all(ids.map((id) => system.ended(id)));
    expect(ends.every((agent) => agent.status === "completed")).toBe(true);
    const spans = (await Promise.all(ids.map((id) => system.events(id)))).map((events) => {
      const at = (type: string): number => events.find((event) => event.type === type)?.id ?? 0;
      return { from: at("task.assigned"), to: at("agent.completed") };
    });
    for (const { from } of spans) {
      expect(spans.filter((span) => span.from <= from && from < span.to).length).toBeLessThanOrEqual(2);
    }
  });
});
