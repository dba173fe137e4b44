import { afterEach, describe, expect, it } from "vitest";
import { scenario, startSystem, type System } from "./system.ts";

let system: System;
afterEach(() => system.close());

async function branches(remote: string): Promise<string> {
  return system.git.git(remote, "for-each-ref", "--format=%(refname:short)", "refs/heads");
}

describe("work that the gates reject", () => {
  it("goes back to the agent with the gate's output, and is pushed once it is repaired", async () => {
    system = await startSystem(scenario("repaired"));
    const remote = await system.remote();
    const agentId = await system.spawn({ repository: remote });
    const agent = await system.ended(agentId);
    expect(agent.status).toBe("completed");
    const events = await system.events(agentId);
    const rejected = events.find((event) => event.type === "gates.rejected");
    expect(rejected?.data).toMatchObject({ phase: "pre-commit", gate: "lint", attempt: 1, attemptsLeft: 2 });
    const prompts = events.filter((event) => event.type === "transcript.prompt");
    expect(prompts).toHaveLength(2);
    expect(JSON.stringify(prompts[1]?.data)).toContain("unfinished work (TODO)");
    expect(await system.git.git(remote, "show", `${agent.branch}:src/sum.js`)).not.toContain("TODO");
  });

  it("is never pushed when it is never repaired: the task fails, the verdicts and the snapshot are kept", async () => {
    system = await startSystem(scenario("never-repaired"));
    const remote = await system.remote();
    const agentId = await system.spawn({ repository: remote, options: { maxAttempts: 2 } });
    const agent = await system.ended(agentId);
    expect(agent).toMatchObject({ status: "failed", reason: "rejected" });
    expect(JSON.stringify(agent.details)).toContain("unfinished work (TODO)");
    expect(agent.pushedCommit).toBeUndefined();
    expect(await branches(remote)).toBe("main");
    const events = await system.events(agentId);
    expect(events.filter((event) => event.type === "gates.rejected")).toHaveLength(2);
    expect(events.some((event) => event.type === "commit.made" || event.type === "push.verified")).toBe(
      false,
    );
    expect(events.find((event) => event.type === "task.failed")?.data).toMatchObject({ reason: "rejected" });
    const diff = await system.client.call("getAgentDiff", { params: { agentId } });
    expect(diff.patch).toContain("+  return a + b; // TODO");
  });

  it("is rejected after the commit, too, and nothing is pushed before it passes", async () => {
    system = await startSystem(scenario("uncovered"));
    const agentId = await system.spawn();
    const agent = await system.ended(agentId);
    expect(agent.status).toBe("completed");
    const events = await system.events(agentId);
    const rejected = events.find((event) => event.type === "gates.rejected");
    expect(rejected?.data).toMatchObject({ phase: "post-commit", gate: "coverage" });
    expect(rejected?.data).not.toMatchObject({ commit: agent.pushedCommit });
    const pushed = events.filter((event) => event.type === "push.started").map((event) => event.data.commit);
    expect(pushed).toEqual([agent.pushedCommit]);
  });

  it("costs one turn only when no agent could repair it: a gate without a command", async () => {
    system = await startSystem(scenario("repaired-at-once"));
    const agentId = await system.spawn({ gateProfile: "custom", options: { gates: ["integration"] } });
    const agent = await system.ended(agentId);
    expect(agent).toMatchObject({ status: "failed", reason: "rejected" });
    expect(agent.error).toContain("no agent can repair this");
    const events = await system.events(agentId);
    expect(events.filter((event) => event.type === "transcript.prompt")).toHaveLength(1);
  });

  it("is not retried as a new attempt: the verdict would be the same", async () => {
    system = await startSystem(scenario("never-repaired"));
    const agentId = await system.spawn({ options: { maxAttempts: 1, maxRetries: 3 } });
    const agent = await system.ended(agentId);
    expect(agent.retriedBy).toBeUndefined();
  });
});

describe("a change that contains a secret", () => {
  it("is blocked before the commit; the finding names file, line and rule, never the value", async () => {
    system = await startSystem(scenario("leaks-secret"));
    const remote = await system.remote();
    const agentId = await system.spawn({ repository: remote });
    const agent = await system.ended(agentId);
    expect(agent).toMatchObject({ status: "failed", reason: "secrets" });
    expect(await branches(remote)).toBe("main");
    const events = await system.events(agentId);
    const blocked = events.find((event) => event.type === "secrets.blocked");
    expect(blocked?.data).toMatchObject({ findings: [{ path: "src/settings.js", line: 1 }] });
    expect(events.some((event) => event.type === "gates.started")).toBe(false);
    const { fakeSecret } = await import("@mosaic/replay");
    const told = JSON.stringify([
      agent,
      events,
      await system.client.call("getAgentDiff", { params: { agentId } }),
    ]);
    expect(told).not.toContain(fakeSecret("anthropic-key"));
  });
});

describe("an agent that changes nothing", () => {
  it("fails with that reason, and nothing is gated or pushed", async () => {
    system = await startSystem(scenario("changes-nothing"));
    const agentId = await system.spawn();
    expect(await system.ended(agentId)).toMatchObject({ status: "failed", reason: "no_changes" });
    expect((await system.events(agentId)).some((event) => event.type.startsWith("gates."))).toBe(false);
  });
});

describe("YOLO mode (ORCH-123)", () => {
  it("skips the gates with an event for each phase, and says so everywhere", async () => {
    system = await startSystem(scenario("never-repaired"), { YOLO_MODE: "true" });
    const agentId = await system.spawn();
    expect(await system.ended(agentId)).toMatchObject({ status: "completed", yolo: true });
    const skipped = (await system.events(agentId)).filter((event) => event.type === "gates.skipped");
    expect(skipped.map((event) => event.data.phase)).toEqual(["pre-commit", "post-commit"]);
    const { warnings } = await system.client.call("ready");
    expect(warnings.join()).toContain("Quality gates disabled");
    const { items } = await system.client.call("listAudit", { query: {} });
    const actions = items.map((entry) => entry.action);
    expect(actions).toEqual(expect.arrayContaining(["start.unprotected", "gates.skip"]));
  });
});
