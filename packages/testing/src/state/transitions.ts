import { AGENT_STATES, canAgentMove, canTaskMove, IllegalTransitionError, TASK_STATES } from "@mosaic/domain";
import type { AgentState, TaskState } from "@mosaic/domain";
import { NotFoundError, type StateStore } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { errorOf, race } from "../race.ts";
import { admission, move, notice, type Subject } from "../records.ts";

/** How to get from the first state to each other one. */
const AGENT_PATH: Readonly<Record<AgentState, readonly AgentState[]>> = {
  spawning: [],
  running: ["running"],
  completed: ["running", "completed"],
  failed: ["failed"],
  killed: ["killed"],
};
const TASK_PATH: Readonly<Record<TaskState, readonly TaskState[]>> = {
  pending: [],
  assigned: ["assigned"],
  executing: ["assigned", "executing"],
  completed: ["assigned", "executing", "completed"],
  failed: ["failed"],
};
const RACE_ROUNDS = 25;

export function transitionSuite(open: OpenEngine<StateStore>): void {
  describe("transitions", () => {
    const engine = useEngine(open);
    const eventCount = async () => (await engine.port.eventRange()).newest;

    async function admitted(): Promise<Subject> {
      const { agent, ...request } = admission();
      await engine.port.admit({ agent, ...request });
      return agent;
    }

    it("moves agent and task, patches facts and writes the events in one step", async () => {
      const subject = await admitted();
      const at = "2026-01-01T00:05:00.000Z";
      const patch = { startedAt: at, owner: "host-1", details: { list: [1, "two", null] }, step: "agent" };
      const change = move(subject, { agent: "running", task: "assigned", patch, at });
      const applied = await engine.port.transition({
        ...change,
        events: [...change.events, notice(subject, "a")],
      });

      const agent = await engine.port.getAgent(subject.agentId);
      expect(agent).toMatchObject({ ...patch, state: "running", updatedAt: at, error: null });
      const task = await engine.port.getTask(subject.taskId);
      expect(task).toMatchObject({ state: "assigned", updatedAt: at });
      const events = await engine.port.eventsAfter({ after: 2, limit: 10 });
      expect(events.map(({ type }) => type)).toEqual(["agent.running", "task.assigned", "transcript.notice"]);
      expect(applied).toEqual({ agent, task, events });
      await engine.reopen();
      expect(await engine.port.getAgent(subject.agentId)).toEqual(agent);
      expect(await engine.port.getTask(subject.taskId)).toEqual(task);
    });

    it("follows the agent's table for every pair of states, and names the state it found", async () => {
      for (const from of AGENT_STATES) {
        for (const to of AGENT_STATES) {
          const subject = await admitted();
          for (const agent of AGENT_PATH[from]) await engine.port.transition(move(subject, { agent }));
          const written = await eventCount();
          const result = await race(1, () => engine.port.transition(move(subject, { agent: to })));
          const legal = canAgentMove(from, to);
          expect([from, to, result.won.length]).toEqual([from, to, legal ? 1 : 0]);
          const now = await engine.port.getAgent(subject.agentId);
          expect(now?.state).toBe(legal ? to : from);
          expect(await eventCount()).toBe(legal ? written + 1 : written);
          const refused = { name: "IllegalTransitionError", current: from, wanted: to };
          expect(result.lost).toMatchObject(legal ? [] : [refused]);
        }
      }
    });

    it("follows the task's table for every pair of states", async () => {
      for (const from of TASK_STATES) {
        for (const to of TASK_STATES) {
          const subject = await admitted();
          for (const task of TASK_PATH[from]) await engine.port.transition(move(subject, { task }));
          const result = await race(1, () => engine.port.transition(move(subject, { task: to })));
          const legal = canTaskMove(from, to);
          expect([from, to, result.won.length]).toEqual([from, to, legal ? 1 : 0]);
          expect((await engine.port.getTask(subject.taskId))?.state).toBe(legal ? to : from);
        }
      }
    });

    it("writes nothing at all when one of two moves is illegal", async () => {
      const subject = await admitted();
      const agent = await engine.port.getAgent(subject.agentId);
      const change = move(subject, { agent: "running", task: "completed", patch: { owner: "host-1" } });
      const error = await errorOf(engine.port.transition(change));

      expect(error).toBeInstanceOf(IllegalTransitionError);
      expect(error).toMatchObject({ subject: "task", id: subject.taskId, current: "pending" });
      expect(await engine.port.getAgent(subject.agentId)).toEqual(agent);
      expect(await eventCount()).toBe(2);
    });

    it("does not know an agent or task that was never admitted", async () => {
      const known = await admitted();
      const unknown = { agentId: "00000000-0000-4000-8000-ffffffffffff", taskId: "unknown" };
      const calls = [
        engine.port.transition(move(unknown, { agent: "running" })),
        engine.port.transition(move(unknown, { task: "assigned" })),
        engine.port.transition(move({ ...known, taskId: "unknown" }, { agent: "running", task: "assigned" })),
        engine.port.patchAgent(unknown.agentId, { step: "x" }, "2026-01-01T00:00:00.000Z", []),
      ];
      for (const call of calls) expect(await errorOf(call)).toBeInstanceOf(NotFoundError);
      expect(await engine.port.getAgent(unknown.agentId)).toBeNull();
      expect(await engine.port.getTask(unknown.taskId)).toBeNull();
      expect(await eventCount()).toBe(2);
    });

    it("lets one of fifty writers of the same move win, with one event, every time", async () => {
      for (let round = 0; round < RACE_ROUNDS; round += 1) {
        const subject = await admitted();
        const written = await eventCount();
        const change = move(subject, { agent: "running" });
        const { won, lost } = await race(50, () => engine.port.transition(change));

        expect(won).toHaveLength(1);
        expect(lost.filter((error) => error instanceof IllegalTransitionError)).toHaveLength(49);
        expect(lost[0]).toMatchObject({ current: "running", wanted: "running" });
        expect(await eventCount()).toBe(written + 1);
      }
    });

    it("lets one of many contradicting ends win, and keeps only its word", async () => {
      const ends = ["completed", "failed", "killed"] as const;
      for (let round = 0; round < RACE_ROUNDS; round += 1) {
        const subject = await admitted();
        await engine.port.transition(move(subject, { agent: "running" }));
        const written = await eventCount();
        const { won } = await race(30, (index) => {
          const patch = { error: `writer ${index}` };
          return engine.port.transition(move(subject, { agent: ends[index % 3] ?? "killed", patch }));
        });

        const agent = await engine.port.getAgent(subject.agentId);
        expect(won.map((applied) => applied.agent)).toEqual([agent]);
        const events = await engine.port.eventsAfter({ after: written, limit: 100 });
        expect(events.map(({ type }) => type)).toEqual([`agent.${agent?.state}`]);
      }
    });

    it("patches facts beside each other without losing any, and leaves the state alone", async () => {
      const subject = await admitted();
      const facts = { branch: "mosaic/x", step: "gates", owner: "host-1", error: "e", sandbox: "none" };
      const at = "2026-01-01T00:07:00.000Z";
      const patches = Object.entries(facts);
      await race(patches.length, (index) => {
        const patch = Object.fromEntries([patches[index] ?? []]);
        return engine.port.patchAgent(subject.agentId, patch, at, [notice(subject, `patch ${index}`)]);
      });

      const agent = await engine.port.getAgent(subject.agentId);
      expect(agent).toMatchObject({ ...facts, state: "spawning", updatedAt: at, startedAt: null });
      expect(await engine.port.patchAgent(subject.agentId, { error: null }, at, [])).toEqual({
        ...agent,
        error: null,
      });
      expect(await eventCount()).toBe(2 + patches.length);
    });
  });
}
