import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import type { FailureReason } from "@mosaic/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scenario, startSystem, type System } from "./system.ts";

/** The table of docs/guides/model-faults.md, played: what the model does, and how the agent ends. */
const LASTING: readonly [name: string, reason: FailureReason, attempts: number][] = [
  ["always-500", "model", 2],
  ["always-cut", "model", 2],
  ["always-stream-error", "model", 2],
  ["always-garbage", "model", 2],
  ["always-401", "model_auth", 1],
  ["always-402", "model_auth", 1],
  ["always-403", "model_auth", 1],
  ["always-400", "model_protocol", 1],
  ["always-404", "model_protocol", 1],
  ["always-413", "model_protocol", 1],
  ["stops-for-unknown", "model_protocol", 1],
  ["always-overflow", "context_overflow", 1],
  ["stops-for-context", "context_overflow", 1],
  ["stops-for-max-tokens", "output_limit", 1],
  ["stops-for-refusal", "refused", 1],
];
/** Answers that broke off: the API may have charged for them, so they must cost something. */
const COSTLY = new Set(["always-cut", "always-stream-error", "always-garbage"]);

const ENV = {
  MAX_CONCURRENT_AGENTS: "8",
  ORCHESTRATOR_QUEUE_CONCURRENCY: "8",
  MOSAIC_MAX_OUTPUT_TOKENS: "1000",
};

interface Entry {
  readonly status: number;
  readonly cost_usd: number;
  readonly complete: number;
}

/** What the ledger holds of an agent, in order. */
function ledgerOf(system: System, agentId: string): readonly Entry[] {
  const db = new DatabaseSync(join(system.home, "mosaic.db"), { readOnly: true });
  const select = db.prepare(
    "SELECT status, nano / 1e9 AS cost_usd, complete FROM usage_entries WHERE agent_id = ? ORDER BY id",
  );
  const entries = select.all(agentId) as unknown as Entry[];
  db.close();
  return entries;
}

/** The agents of the task, oldest first. */
async function attemptsOf(system: System, taskId: string) {
  const { items } = await system.client.call("listAgents", { query: { taskId } });
  return items.toReversed();
}

async function toolCalls(system: System, agentId: string): Promise<number> {
  const events = await system.events(agentId);
  return events.filter((event) => event.type === "transcript.tool_result").length;
}

/** Waits until the task has no further attempt. */
async function settled(system: System, first: string) {
  for (let agentId = first; ;) {
    const agent = await system.ended(agentId);
    if (agent.retriedBy === undefined) return agent;
    agentId = agent.retriedBy;
  }
}

describe("a fault that lasts", () => {
  let system: System;
  const ends = new Map<string, Awaited<ReturnType<typeof settled>>>();
  beforeAll(async () => {
    system = await startSystem(scenario("repaired-at-once"), ENV);
    await Promise.all(
      LASTING.map(async ([name]) => {
        const options = { maxRetries: 1 };
        const agentId = await system.spawn({ taskId: name, workItem: `[scenario: ${name}]`, options });
        ends.set(name, await settled(system, agentId));
      }),
    );
  }, 120_000);
  afterAll(() => system.close());

  it.each(LASTING)("%s ends the agent failed as %s, after %i attempts", async (name, reason, count) => {
    expect(ends.get(name)).toMatchObject({ status: "failed", reason, attempt: count });
    const attempts = await attemptsOf(system, name);
    expect(attempts.map((agent) => [agent.status, agent.reason])).toEqual(
      Array.from({ length: count }, () => ["failed", reason]),
    );
    for (const { agentId } of attempts) {
      // What ran before the fault ran once, however often the model was asked after it.
      expect(await toolCalls(system, agentId)).toBe(1);
      const entries = ledgerOf(system, agentId);
      expect(entries.length).toBeGreaterThanOrEqual(2);
      // Refusals are free; everything else costs, whether or not anyone said how much.
      for (const entry of entries)
        expect(entry.cost_usd > 0).toBe(entry.status === 200 || entry.status === 502);
      const unknown = entries.filter((entry) => entry.complete === 0);
      expect(unknown.length).toBeGreaterThanOrEqual(COSTLY.has(name) ? 2 : 0);
    }
  });
});

describe("a fault that passes", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem(scenario("repaired-at-once"), { ...ENV, MOSAIC_MODEL_IDLE_SECONDS: "2" });
  });
  afterAll(() => system.close());

  it("or does not: an answer that always hangs ends the agent as model", async () => {
    const options = { maxRetries: 0 };
    const agent = await system.ended(await system.spawn({ workItem: "[scenario: always-hang]", options }));
    expect(agent).toMatchObject({ status: "failed", reason: "model" });
    expect(await toolCalls(system, agent.agentId)).toBe(1);
    const unknown = ledgerOf(system, agent.agentId).filter((entry) => entry.complete === 0);
    expect(unknown.length).toBeGreaterThanOrEqual(5);
    for (const entry of unknown) expect(entry.cost_usd).toBeGreaterThan(0);
  }, 120_000);

  it("is met within the attempt, whichever it is; no tool call runs twice, and no answer is free", async () => {
    const remote = await system.remote();
    const agentId = await system.spawn({ repository: remote, workItem: "[scenario: every-fault-once]" });
    const agent = await system.ended(agentId);
    expect(agent).toMatchObject({ status: "completed", attempt: 1 });
    const ran = await system.git.git(remote, "show", `${agent.branch ?? ""}:ran.txt`);
    expect(ran.trim().split("\n")).toEqual(
      "429 529 500 cut,stream error,garbage,hang,silence,drip,noise,no usage"
        .replaceAll(/(\d) /g, "$1,")
        .split(","),
    );
    const entries = ledgerOf(system, agentId);
    const unknown = entries.filter((entry) => entry.complete === 0);
    // cut, stream error, garbage, hang, silence, and the answer that did not say.
    expect(unknown).toHaveLength(6);
    for (const entry of unknown) expect(entry.cost_usd).toBeGreaterThan(0);
    expect(entries.filter((entry) => entry.cost_usd === 0).map((entry) => entry.status)).toEqual([
      429, 529, 500,
    ]);
  }, 120_000);
});

describe("an API that stays busy", () => {
  it("ends its agents as model, and is asked less and less", async () => {
    const system = await startSystem(scenario("repaired-at-once"), {
      ...ENV,
      MOSAIC_MODEL_WAIT_SECONDS: "1",
    });
    try {
      const play = async (name: string): Promise<void> => {
        const options = { maxRetries: 1 };
        const first = await system.spawn({ taskId: name, workItem: `[scenario: ${name}]`, options });
        expect(await settled(system, first)).toMatchObject({ status: "failed", reason: "model", attempt: 2 });
        for (const { agentId } of await attemptsOf(system, name)) {
          const refused = ledgerOf(system, agentId).filter((entry) => entry.status !== 200);
          for (const entry of refused) expect(entry).toMatchObject({ cost_usd: 0, complete: 1 });
          expect(refused.length).toBeLessThan(8);
        }
      };
      await Promise.all([play("always-429"), play("always-529")]);
    } finally {
      await system.close();
    }
  }, 60_000);
});
