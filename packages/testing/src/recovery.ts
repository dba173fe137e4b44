import type { Lease, StateStore, TaskQueue } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "./engine.ts";
import { race } from "./race.ts";
import { admission, move, successorOf, type Subject } from "./records.ts";

/** State and queue, opened on the same data. They are separate: a process can die between a step of one and of the other. */
export interface StateAndQueue {
  readonly state: StateStore;
  readonly queue: TaskQueue;
}

/**
 * What a start after a crash relies on: whatever step came last, the state tells what is to be done, and doing it
 * again does no harm.
 */
export function recoveryConformance(name: string, open: OpenEngine<StateAndQueue>): void {
  describe(`${name} after a crash`, () => {
    const engine = useEngine(open);
    const claim = (workerId: string) =>
      engine.port.queue.claim({ workerId, leaseMs: 1000, maxActive: 100, maxPerWorker: 100 });

    async function admitted(): Promise<Subject> {
      const { agent, ...request } = admission();
      await engine.port.state.admit({ agent, ...request });
      return agent;
    }

    /** What a start does: every task that is pending has an entry afterwards. */
    async function requeuePending(): Promise<readonly string[]> {
      const pending = await engine.port.state.listTasks(["pending"]);
      return Promise.all(pending.map(({ taskId }) => engine.port.queue.enqueue({ taskId, priority: 5 })));
    }

    it("between admission and enqueue: the task is found and queued, however often", async () => {
      const { taskId } = await admitted();
      await engine.reopen();
      expect(await claim("w1")).toBeNull();
      expect(await requeuePending()).toEqual(["added"]);
      await engine.reopen();
      expect(await requeuePending()).toEqual(["exists"]);
      expect(await claim("w1")).toMatchObject({ taskId });
      expect(await claim("w1")).toBeNull();
    });

    it("between claim and the first move: the entry is claimed again and the task can be taken", async () => {
      const subject = await admitted();
      await requeuePending();
      await claim("lost");
      await engine.reopen();
      expect(await engine.port.queue.release("lost")).toBe(1);
      expect(await claim("w1")).toMatchObject({ taskId: subject.taskId, claims: 2 });
      await engine.port.state.transition(move(subject, { task: "assigned" }));
    });

    it("between the last move and the end of the entry: the entry comes again, the state says it is done", async () => {
      const subject = await admitted();
      await requeuePending();
      await claim("lost");
      await engine.port.state.transition(move(subject, { agent: "running", task: "assigned" }));
      await engine.port.state.transition(move(subject, { task: "executing" }));
      await engine.port.state.transition(move(subject, { agent: "completed", task: "completed" }));
      await engine.reopen();

      engine.clock.advance(1000);
      const lease = (await claim("w1")) as Lease;
      expect(lease.taskId).toBe(subject.taskId);
      expect(await engine.port.state.getTask(lease.taskId)).toMatchObject({ state: "completed" });
      await engine.port.queue.complete(lease);
      expect(await requeuePending()).toEqual([]);
      expect(await engine.port.queue.counts()).toMatchObject({ completed: 1, pending: 0, active: 0 });
    });

    it("between the retry's state and its entry: the new attempt is what is claimed", async () => {
      const subject = await admitted();
      await requeuePending();
      await claim("lost");
      await engine.port.state.transition(move(subject, { task: "assigned" }));
      const successor = successorOf(subject);
      await engine.port.state.transition(move(subject, { agent: "failed", task: "pending", successor }));
      await engine.reopen();

      expect(await requeuePending()).toEqual(["exists"]);
      await engine.port.queue.release("lost");
      const lease = (await claim("w1")) as Lease;
      const task = await engine.port.state.getTask(lease.taskId);
      expect(task).toMatchObject({ state: "pending", agentId: successor.agentId, attempt: 2 });
    });

    it("of two starts that clean up at once, each orphan is ended and followed by one of them", async () => {
      const subjects = await Promise.all(Array.from({ length: 5 }, admitted));
      for (const subject of subjects) {
        await engine.port.state.transition(move(subject, { agent: "running", task: "assigned" }));
        await engine.port.state.transition(move(subject, { task: "executing" }));
      }
      await engine.reopen();
      const orphans = await engine.port.state.listTasks(["assigned", "executing"]);
      const { won } = await race(10, (index) => {
        const subject = orphans[index % 5] as Subject;
        const successor = successorOf(subject);
        return engine.port.state.transition(move(subject, { agent: "failed", task: "pending", successor }));
      });

      expect(won).toHaveLength(5);
      const pending = await engine.port.state.listTasks(["pending"]);
      expect(pending.map(({ attempt }) => attempt)).toEqual([2, 2, 2, 2, 2]);
    });
  });
}
