import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { processesMentioning } from "@mosaic/testing";
import { afterEach, describe, expect, it } from "vitest";
import { INSTALLED } from "../apps/orchestrator/src/runtimes/claude-code/spec-support.ts";
import { MARKER, startFor } from "./kill-states.ts";
import { scenario, startSystem, type System } from "./system.ts";

let system: System;
afterEach(() => system.close());

const CLAUDE_CODE = { MOSAIC_RUNTIMES_FOLDER: dirname(INSTALLED), MOSAIC_DEFAULT_RUNTIME: "claude-code" };

describe("agents that are Claude Code (ORCH-105)", () => {
  it("go from worktree through a rejection and the gates to a push, and are metered by the gateway", async () => {
    system = await startSystem(scenario("repaired"), CLAUDE_CODE);
    const repository = await system.remote();
    const agentId = await system.spawn({ repository });
    const agent = await system.ended(agentId);
    expect(agent).toMatchObject({ status: "completed", runtime: "claude-code" });
    const pushed = await system.git.git(repository, "show", `refs/heads/${agent.branch}:src/sum.js`);
    expect(pushed).toContain("return a + b;");
    const types = (await system.events(agentId)).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining(["transcript.tool_call", "transcript.tool_result", "gates.rejected"]),
    );
    expect(agent.usage.requests).toBe(types.filter((type) => type === "transcript.usage").length);
    expect(agent.usage.costUsd).toBeGreaterThan(0);
  });

  it("are killed with everything they started", async () => {
    system = await startFor({ upstream: "waits" }, CLAUDE_CODE);
    const agentId = await system.spawn();
    await system.seen(agentId, "transcript.tool_call");
    const receipt = await system.client.call("killAgent", {
      params: { agentId },
      body: { reason: "test" },
    });
    expect(receipt).toMatchObject({ status: "killed", previousStatus: "running", residual: [] });
    expect(await processesMentioning(MARKER)).toEqual([]);
    expect(await readdir(join(system.home, "workspaces"))).toEqual([]);
  });

  it("stop when they are cancelled", async () => {
    system = await startSystem(scenario("waits"), CLAUDE_CODE);
    const agentId = await system.spawn();
    await system.seen(agentId, "transcript.tool_call");
    await system.client.call("cancelAgent", { params: { agentId }, body: { reason: "test" } });
    expect(await system.ended(agentId)).toMatchObject({ status: "failed", reason: "cancelled" });
  });

  it("end at once when the budget is used up", async () => {
    system = await startSystem(scenario("repaired"), {
      ...CLAUDE_CODE,
      MOSAIC_MAX_OUTPUT_TOKENS: "256",
      MOSAIC_BUDGET_AGENT_USD: "0.003",
    });
    const agent = await system.ended(await system.spawn());
    expect(agent).toMatchObject({ status: "failed", reason: "budget", usage: { requests: 0 } });
    expect(agent.error).toContain("MOSAIC_BUDGET_AGENT_USD");
  });
});

it("where Claude Code is not installed, everything else works, and the remedy is told", async () => {
  system = await startSystem(scenario("repaired-at-once"), { MOSAIC_RUNTIMES_FOLDER: "/nowhere" });
  const { items } = await system.client.call("listRuntimes");
  expect(items).toContainEqual({
    name: "claude-code",
    kind: "claude-code",
    default: false,
    installed: false,
    problem: "@anthropic-ai/claude-agent-sdk is not installed",
    remedy: "run: mosaic runtime install claude-code",
  });
  const refused = system.spawn({ runtime: "claude-code" });
  await expect(refused).rejects.toThrow(/mosaic runtime install claude-code/);
  const agentId = await system.spawn();
  expect(await system.ended(agentId)).toMatchObject({ status: "completed", runtime: "sdk-worker" });
});
