import { AGENT_STATES, AGENT_TYPES, type AgentState } from "@mosaic/domain";
import { admission, move, startValkey, type ValkeyInTest } from "@mosaic/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AgentFilter } from "../state-store.ts";
import { openStore, type StoreInTest } from "./store-in-test.ts";

const AGENTS = 2500;
const PATH: Readonly<Record<AgentState, readonly AgentState[]>> = {
  spawning: [],
  running: ["running"],
  completed: ["running", "completed"],
  failed: ["failed"],
  killed: ["killed"],
};

interface Known {
  readonly agentId: string;
  readonly at: string;
  readonly state: AgentState;
  readonly agentType: string;
  readonly repository: string;
}

/** More agents than one step of the server looks at. */
describe("a long list of agents in Valkey", () => {
  let valkey: ValkeyInTest;
  let store: StoreInTest;
  const known: Known[] = [];

  beforeAll(async () => {
    valkey = await startValkey({ durable: false });
    store = await openStore(valkey.url);
    const made = Array.from({ length: AGENTS }, async (_, index) => {
      const at = new Date(Date.UTC(2026, 0, 1, 0, 0, Math.floor(index / 3))).toISOString();
      // Rare at the newest end, and two that hardly ever come together.
      const state =
        index > 50 && index < 60 ? "running" : (AGENT_STATES[index % 2 === 0 ? 2 : 3] ?? "failed");
      const agentType = AGENT_TYPES[index < 1300 ? 0 : 1] ?? "worker";
      const repository = index % 2 === 0 && index !== 700 ? "r-even" : "r-odd";
      const { agent, ...request } = admission({ at, agentType, repository, maxPending: AGENTS + 1 });
      await store.state.admit({ agent, ...request });
      for (const to of PATH[state]) await store.state.transition(move(agent, { agent: to }));
      known.push({ agentId: agent.agentId, at, state, agentType, repository });
    });
    await Promise.all(made);
    known.sort((one, other) => (`${one.at}|${one.agentId}` < `${other.at}|${other.agentId}` ? 1 : -1));
  });
  afterAll(async () => {
    await store.close();
    await valkey.close();
  });

  async function listed(filter: AgentFilter): Promise<readonly string[]> {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await store.state.listAgents({ ...filter, ...(cursor === null ? {} : { cursor }) });
      expect(page.items.length).toBeLessThanOrEqual(filter.limit);
      expect(page.nextCursor === null || page.items.length === filter.limit).toBe(true);
      found.push(...page.items.map(({ agent }) => agent.agentId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return found;
  }

  const [worker, reviewer] = [AGENT_TYPES[0], AGENT_TYPES[1]];
  it.each<Omit<AgentFilter, "limit">>([
    {},
    { states: ["running"] },
    { states: ["completed", "failed"] },
    { states: ["running", "completed", "killed"] },
    { states: ["completed"], repository: "r-odd" },
    { states: ["completed", "running"], repository: "r-odd", agentType: worker },
    { states: ["failed"], repository: "r-even" },
    { agentType: reviewer, repository: "r-odd" },
    { agentType: worker, states: ["killed"] },
    { repository: "r-none" },
  ])("is the same as if all of them were looked at: %j", async (filter) => {
    const { states, agentType, repository } = filter;
    const expected = known
      .filter((agent) => states?.includes(agent.state) ?? true)
      .filter((agent) => agentType === undefined || agent.agentType === agentType)
      .filter((agent) => repository === undefined || agent.repository === repository)
      .map(({ agentId }) => agentId);
    for (const limit of [100, 1200, 5000]) expect(await listed({ ...filter, limit })).toEqual(expected);
  });

  it("of tasks is whole, too", async () => {
    expect(await store.state.listTasks(["pending"])).toHaveLength(AGENTS);
  });
});
