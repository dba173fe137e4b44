import type { StoredEvent } from "@mosaic/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SANDBOX_UNDER_TEST } from "./sandbox-under-test.ts";
import { scenario, startSystem, type System } from "./system.ts";

const LIFECYCLE = [
  "agent.spawning",
  "task.pending",
  "task.assigned",
  "workspace.ready",
  "workspace.dependencies",
  "agent.running",
  "task.executing",
  "snapshot.taken",
  "secrets.scanned",
  "gates.started pre-commit",
  "gates.approved pre-commit",
  "commit.made",
  "gates.started post-commit",
  "gates.approved post-commit",
  "secrets.outgoing",
  "push.started",
  "push.verified",
  "agent.completed",
  "task.completed",
  "agent.cleanup",
];

describe("the lifecycle of a task (ORCH-125)", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem(scenario("repaired-at-once"));
  });
  afterAll(() => system.close());

  it("goes from spawn to a gated, pushed branch, and every transition is seen on the stream", async () => {
    const remote = await system.remote();
    const before = await system.git.git(remote, "rev-parse", "main");
    const stop = new AbortController();
    const live: StoredEvent[] = [];
    let agentId = "";
    const connected = Promise.withResolvers<void>();
    const watching = (async () => {
      const options = {
        signal: stop.signal,
        onState: (state: { kind: string }) => state.kind === "connected" && connected.resolve(),
      };
      for await (const item of system.client.streamEvents(options)) {
        if (item.kind !== "event") continue;
        live.push(item.event);
        if (item.event.type === "agent.cleanup") return;
      }
    })();
    await connected.promise;
    agentId = await system.spawn({ repository: remote });
    await watching;
    stop.abort();

    const steps = live
      .filter((event) => event.subject === agentId && event.type !== "gates.verdict")
      .map((event) => ("phase" in event.data ? `${event.type} ${event.data.phase}` : event.type));
    expect(steps).toEqual(LIFECYCLE);
    const ids = live.map((event) => event.id);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));

    const agent = await system.client.call("getAgent", { params: { agentId } });
    expect(agent).toMatchObject({
      status: "completed",
      attempt: 1,
      sandbox: SANDBOX_UNDER_TEST["SANDBOX_RUNTIME"],
    });
    expect(agent.startedAt).toBeDefined();
    expect(agent.completedAt).toBeDefined();

    // The remote has exactly the commit that was gated, on top of what the branch was, and main did not move.
    const gated = live.filter((event) => event.type === "gates.approved").map((event) => event.data.commit);
    const pushed = await system.git.git(remote, "rev-parse", `refs/heads/${agent.branch}`);
    expect(new Set([...gated, agent.pushedCommit])).toEqual(new Set([pushed]));
    expect(await system.git.git(remote, "rev-parse", `${pushed}^`)).toBe(before);
    expect(await system.git.git(remote, "rev-parse", "main")).toBe(before);
    expect(await system.git.git(remote, "show", `${pushed}:src/sum.js`)).toContain("return a + b;");
    expect(await system.git.git(remote, "log", "-1", "--format=%an <%ae>", pushed)).toBe(
      "Mosaic <mosaic@localhost>",
    );
  });

  it("resumes the stream after any event without a gap or a repetition", async () => {
    const agentId = await system.spawn();
    await system.ended(agentId);
    await system.seen(agentId, "agent.cleanup");
    const all = await collect(system, 0, agentId);
    expect(all.length).toBeGreaterThan(10);
    for (const at of [1, Math.floor(all.length / 2), all.length - 2]) {
      const resumed = await collect(system, all[at]?.id ?? 0, agentId);
      expect(resumed.map((event) => event.id)).toEqual(all.slice(at + 1).map((event) => event.id));
    }
  });

  it("answers status in the owner's words, and the diff and transcript of what was done", async () => {
    const agentId = await system.spawn();
    const early = await system.client.call("getAgentStatus", { params: { agentId } });
    expect(early).toMatchObject({ agentId, status: expect.stringMatching(/^(spawning|running)$/) });
    await system.ended(agentId);
    const late = await system.client.call("getAgentStatus", { params: { agentId } });
    expect(Object.keys(late).sort()).toEqual(
      ["agentId", "completedAt", "spawnedAt", "startedAt", "status", "taskId"].sort(),
    );
    const diff = await system.client.call("getAgentDiff", { params: { agentId } });
    expect(diff.files).toEqual([{ path: "src/sum.js", additions: 1, deletions: 1 }]);
    expect(diff.patch).toContain("+  return a + b;");
    const events = await system.events(agentId);
    expect(events.map((event) => event.type)).toEqual(
      expect.arrayContaining([
        "transcript.prompt",
        "transcript.tool_call",
        "transcript.tool_result",
        "transcript.usage",
      ]),
    );
    const prompt = events.find((event) => event.type === "transcript.prompt");
    expect(JSON.stringify(prompt?.data)).toContain("Keep it small.");
  });

  it("counts tokens and cost, and the store's list shows them", async () => {
    const agentId = await system.spawn();
    const agent = await system.ended(agentId);
    expect(agent.usage.requests).toBeGreaterThanOrEqual(2);
    expect(agent.usage.outputTokens).toBeGreaterThan(0);
    expect(agent.usage.costUsd).toBeGreaterThan(0);
    const { items } = await system.client.call("listAgents", { query: { status: "completed", limit: 1 } });
    expect(items[0]).toMatchObject({ agentId, usage: agent.usage });
  });

  it("leaves no workspace, socket or process behind", async () => {
    const agentId = await system.spawn();
    await system.ended(agentId);
    const cleanup = await system.seen(agentId, "agent.cleanup");
    expect(cleanup.data).toMatchObject({ steps: expect.arrayContaining([{ name: "sandbox", ok: true }]) });
    const { stdout } = await run("find", [system.home, "-path", `*${agentId}*`, "-not", "-path", "*/refs/*"]);
    expect(stdout.split("\n").filter((line) => line !== "" && !line.includes("/trash/"))).toEqual([]);
  });
});

async function run(command: string, args: string[]): Promise<{ stdout: string }> {
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  return promisify(execFile)(command, args);
}

/** Everything the stream replays after an event, up to the agent's clean-up. */
async function collect(system: System, after: number, agentId: string): Promise<StoredEvent[]> {
  const stop = new AbortController();
  const events: StoredEvent[] = [];
  const options = { lastEventId: after, query: { agent: agentId }, signal: stop.signal };
  for await (const item of system.client.streamEvents(options)) {
    if (item.kind !== "event") continue;
    events.push(item.event);
    if (item.event.type === "agent.cleanup") break;
  }
  stop.abort();
  return events;
}
