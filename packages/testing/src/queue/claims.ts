import type { ClaimRequest, Lease, TaskQueue } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { race } from "../race.ts";

/** Limits that do not matter. */
const FREE = { leaseMs: 30_000, maxActive: 1000, maxPerWorker: 1000 } as const;

export function claimSuite(open: OpenEngine<TaskQueue>): void {
  describe("claims", () => {
    const engine = useEngine(open);
    const claim = (workerId = "w1", request: Partial<ClaimRequest> = {}) =>
      engine.port.claim({ ...FREE, ...request, workerId });
    const enqueue = (taskId: string, priority = 5) => engine.port.enqueue({ taskId, priority });

    async function drain(): Promise<readonly string[]> {
      const order: string[] = [];
      for (let lease = await claim(); lease !== null; lease = await claim()) {
        order.push(lease.taskId);
        await engine.port.complete(lease);
      }
      return order;
    }

    /** Leases that were given, each task once. */
    function given(leases: readonly (Lease | null)[]): readonly Lease[] {
      const held = leases.filter((lease) => lease !== null);
      expect(new Set(held.map(({ taskId }) => taskId)).size).toBe(held.length);
      expect(new Set(held.map(({ token }) => token)).size).toBe(held.length);
      return held;
    }

    it("give the higher priority first and the first come first inside one", async () => {
      const order = [5, 1, 10, 5, 10, 9, 1, 5].map((priority, index) => [`t${index}`, priority] as const);
      for (const [taskId, priority] of order) await enqueue(taskId, priority);
      expect(await drain()).toEqual(["t2", "t4", "t5", "t0", "t3", "t7", "t1", "t6"]);
    });

    it("keep the order over a restart", async () => {
      for (const [taskId, priority] of [
        ["low", 1],
        ["a", 5],
        ["b", 5],
        ["high", 10],
      ] as const) {
        await enqueue(taskId, priority);
      }
      await engine.reopen();
      expect(await drain()).toEqual(["high", "a", "b", "low"]);
    });

    it("say who holds what until when", async () => {
      await enqueue("t1");
      const lease = await claim("w1", { leaseMs: 1234 });
      expect(lease).toMatchObject({
        taskId: "t1",
        workerId: "w1",
        expiresAt: engine.clock.now() + 1234,
        claims: 1,
      });
      expect(await claim("w2")).toBeNull();
    });

    it("give nothing when there is nothing", async () => {
      expect(await claim()).toBeNull();
      expect(await engine.port.nextDueAt()).toBeNull();
    });

    it("give each entry to one of fifty claimers", async () => {
      await race(30, (index) => enqueue(`t${index}`));
      const { won } = await race(50, (index) => claim(`w${index}`));
      expect(given(won)).toHaveLength(30);
    });

    it("never pass the limit of all workers together, in many rounds", async () => {
      await race(60, (index) => enqueue(`t${index}`));
      let running: readonly Lease[] = [];
      for (let round = 0; round < 20; round += 1) {
        const { won } = await race(50, (index) => claim(`w${index % 10}`, { maxActive: 7 }));
        running = [...running, ...given(won)];
        expect(running).toHaveLength(7);
        expect(await engine.port.counts()).toMatchObject({ active: 7 });
        // Some end while others claim: a place is given once.
        const [first, second, ...rest] = running as [Lease, Lease, ...Lease[]];
        await Promise.all([engine.port.complete(first), engine.port.fail(second)]);
        running = rest;
      }
      expect(await engine.port.counts()).toMatchObject({ completed: 20, failed: 20, active: 5 });
    });

    it("never pass the limit of one worker, and leave the rest to others", async () => {
      await race(20, (index) => enqueue(`t${index}`));
      const { won } = await race(50, (index) => claim(index % 2 === 0 ? "even" : "odd", { maxPerWorker: 3 }));
      const workers = given(won).map(({ workerId }) => workerId);
      expect(workers.filter((worker) => worker === "even")).toHaveLength(3);
      expect(workers.filter((worker) => worker === "odd")).toHaveLength(3);
      expect(await claim("third", { maxPerWorker: 3 })).not.toBeNull();
    });

    it("count a place as free once its lease has run out", async () => {
      await enqueue("t1");
      await enqueue("t2", 9);
      await claim("w1", { leaseMs: 1000 });
      expect(await claim("w2", { maxActive: 1 })).toBeNull();
      engine.clock.advance(1000);
      expect(await claim("w2", { maxActive: 1 })).toMatchObject({ taskId: "t2", claims: 2 });
    });

    it("give nothing while the queue is paused, over a restart, too; what runs goes on", async () => {
      await enqueue("running");
      const lease = (await claim()) as Lease;
      await enqueue("waiting");
      await engine.port.pause();
      await engine.port.pause();
      expect(await claim()).toBeNull();
      await engine.reopen();
      expect(await claim()).toBeNull();
      expect(await engine.port.counts()).toMatchObject({ paused: true, pending: 1, active: 1 });
      expect(await engine.port.heartbeat(lease, 5000)).toMatchObject({ token: lease.token });
      await engine.port.complete(lease);
      expect(await enqueue("late")).toBe("added");

      await engine.port.resume();
      expect(await engine.port.counts()).toMatchObject({ paused: false, pending: 2 });
      expect(await drain()).toEqual(["waiting", "late"]);
    });

    it("stop with the answer to a pause though many claim meanwhile", async () => {
      await race(40, (index) => enqueue(`t${index}`));
      const before = race(20, (index) => claim(`w${index}`));
      const paused = engine.port.pause();
      const after = paused.then(() => race(20, (index) => claim(`late${index}`)));
      const taken = given((await before).won);
      expect((await after).won.every((lease) => lease === null)).toBe(true);
      await engine.port.resume();
      expect(given([...taken, ...(await race(40, (index) => claim(`w${index}`))).won])).toHaveLength(40);
    });
  });
}
