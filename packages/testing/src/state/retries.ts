import type { StateStore } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { race } from "../race.ts";
import { admission, move, stateEvent, successorOf, type Subject } from "../records.ts";

export function retrySuite(open: OpenEngine<StateStore>): void {
  describe("retries", () => {
    const engine = useEngine(open);

    async function assigned(): Promise<Subject> {
      const { agent, ...request } = admission();
      await engine.port.admit({ agent, ...request });
      await engine.port.transition(move(agent, { task: "assigned" }));
      return agent;
    }

    it("creates the next agent, links both, and points the task to it, in the step that ends the first", async () => {
      const subject = await assigned();
      const successor = successorOf(subject);
      const { newest } = await engine.port.eventRange();
      const applied = await engine.port.transition(
        move(subject, { agent: "failed", task: "pending", successor, patch: { reason: "runtime" } }),
      );

      const former = await engine.port.getAgent(subject.agentId);
      expect(former).toMatchObject({ state: "failed", reason: "runtime", retriedBy: successor.agentId });
      expect(await engine.port.getAgent(successor.agentId)).toMatchObject({
        ...successor,
        state: "spawning",
        retriedBy: null,
        reason: null,
      });
      const task = await engine.port.getTask(subject.taskId);
      expect(task).toMatchObject({ state: "pending", agentId: successor.agentId, attempt: 2 });
      const events = await engine.port.eventsAfter({ after: newest, limit: 10 });
      expect(events.map(({ type, subject: of }) => [type, of])).toEqual([
        ["agent.failed", subject.agentId],
        ["task.pending", subject.agentId],
        ["agent.spawning", successor.agentId],
      ]);
      expect(events.at(-1)?.data).toEqual({ attempt: 2, retryOf: subject.agentId });
      expect(applied).toEqual({ agent: former, task, events });
    });

    it("does not write the successor's event twice when the caller brings it", async () => {
      const subject = await assigned();
      const successor = successorOf(subject);
      const change = move(subject, { agent: "failed", task: "pending", successor });
      const spawning = stateEvent("agent.spawning", successor, change.at);
      const { events } = await engine.port.transition({ ...change, events: [...change.events, spawning] });
      expect(events.map(({ type }) => type)).toEqual(["agent.failed", "task.pending", "agent.spawning"]);
    });

    it("follows an agent that ended in an earlier step, as after a crash between the two", async () => {
      const subject = await assigned();
      await engine.port.transition(move(subject, { agent: "failed" }));
      await engine.reopen();
      const successor = successorOf(subject);
      await engine.port.transition(move(subject, { task: "pending", successor }));

      expect(await engine.port.getAgent(subject.agentId)).toMatchObject({ retriedBy: successor.agentId });
      expect(await engine.port.getTask(subject.taskId)).toMatchObject({
        agentId: successor.agentId,
        attempt: 2,
      });
    });

    it("gives one of thirty competing retries the attempt", async () => {
      const subject = await assigned();
      const { won, lost } = await race(30, () => {
        const successor = successorOf(subject);
        return engine.port.transition(move(subject, { agent: "failed", task: "pending", successor }));
      });

      expect([won.length, lost.length]).toEqual([1, 29]);
      const { items } = await engine.port.listAgents({ taskId: subject.taskId, limit: 100 });
      expect(items.map(({ agent }) => [agent.attempt, agent.state])).toEqual([
        [2, "spawning"],
        [1, "failed"],
      ]);
      expect((await engine.port.getTask(subject.taskId))?.agentId).toBe(items[0]?.agent.agentId);
    });

    it("goes on to a third attempt", async () => {
      let subject = await assigned();
      for (const attempt of [2, 3]) {
        const successor = successorOf(subject, attempt);
        await engine.port.transition(move(subject, { agent: "failed", task: "pending", successor }));
        subject = successor;
        await engine.port.transition(move(subject, { task: "assigned" }));
      }
      expect(await engine.port.getTask(subject.taskId)).toMatchObject({
        attempt: 3,
        agentId: subject.agentId,
      });
    });
  });
}
