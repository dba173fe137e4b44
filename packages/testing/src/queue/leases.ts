import { LeaseLostError, type Lease, type TaskQueue } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { errorOf, race } from "../race.ts";

export function leaseSuite(open: OpenEngine<TaskQueue>): void {
  describe("leases", () => {
    const engine = useEngine(open);
    const claim = (workerId: string, leaseMs = 1000) =>
      engine.port.claim({ workerId, leaseMs, maxActive: 1000, maxPerWorker: 1000 });
    const enqueue = (taskId: string, priority = 5) => engine.port.enqueue({ taskId, priority });

    async function claimed(workerId: string, leaseMs = 1000): Promise<Lease> {
      const lease = await claim(workerId, leaseMs);
      if (lease === null) throw new Error(`nothing to claim for ${workerId}`);
      return lease;
    }

    /** Asserts that a lease is worth nothing any more, and that trying it changed nothing. */
    async function expectLost(lease: Lease): Promise<void> {
      const before = await engine.port.counts();
      expect(await engine.port.heartbeat(lease, 1000)).toBeNull();
      const calls = [
        () => engine.port.complete(lease),
        () => engine.port.fail(lease),
        () => engine.port.fail(lease, engine.clock.now()),
      ];
      for (const call of calls) {
        const error = await errorOf(call());
        expect(error).toBeInstanceOf(LeaseLostError);
        expect(error).toMatchObject({ taskId: lease.taskId });
      }
      expect(await engine.port.counts()).toEqual(before);
    }

    it("are kept by heartbeats, and the new end is the one that counts", async () => {
      await enqueue("t1");
      const lease = await claimed("w1");
      engine.clock.advance(900);
      const longer = await engine.port.heartbeat(lease, 1000);
      expect(longer).toEqual({ ...lease, expiresAt: lease.expiresAt + 900 });
      engine.clock.advance(900);
      expect(await claim("w2")).toBeNull();
      expect(await engine.port.nextDueAt()).toBe(longer?.expiresAt);
      engine.clock.advance(100);
      expect(await claim("w2")).toMatchObject({ taskId: "t1" });
    });

    it("that ran out are taken over, and the lost worker's token is refused from then on", async () => {
      await enqueue("t1");
      const lost = await claimed("w1");
      engine.clock.advance(999);
      expect(await claim("w2")).toBeNull();
      engine.clock.advance(1);
      expect(await engine.port.counts()).toMatchObject({ active: 0, pending: 1 });
      const lease = await claimed("w2");

      expect(lease).toMatchObject({ taskId: "t1", workerId: "w2", claims: 2 });
      expect(lease.token).not.toBe(lost.token);
      await expectLost(lost);
      await engine.port.complete(lease);
      await expectLost(lease);
      expect(await engine.port.counts()).toMatchObject({ completed: 1, failed: 0, pending: 0, active: 0 });
    });

    it("that ran out are taken over by one of fifty, after a restart, too", async () => {
      await enqueue("t1");
      const lost = await claimed("w1");
      await engine.reopen();
      expect(await claim("w2")).toBeNull();
      engine.clock.advance(1000);
      const { won } = await race(50, (index) => claim(`w${index}`));
      expect(won.filter((lease) => lease !== null)).toHaveLength(1);
      await expectLost(lost);
    });

    it("outlive a restart of their worker's process", async () => {
      await enqueue("t1");
      const lease = await claimed("w1");
      await engine.reopen();
      expect(await engine.port.counts()).toMatchObject({ active: 1 });
      await engine.port.complete(lease);
      expect(await engine.port.counts()).toMatchObject({ active: 0, completed: 1 });
    });

    it("of a worker that is known to be gone are released at once, those of others are not", async () => {
      for (const taskId of ["t1", "t2", "t3"]) await enqueue(taskId);
      const [first, second, other] = [await claimed("gone"), await claimed("gone"), await claimed("here")];

      expect(await engine.port.release("gone")).toBe(2);
      expect(await engine.port.release("gone")).toBe(0);
      await expectLost(first);
      await expectLost(second);
      expect(await engine.port.counts()).toMatchObject({ pending: 2, active: 1 });
      const again = [await claimed("w2"), await claimed("w2")];
      expect(new Set(again.map(({ taskId }) => taskId))).toEqual(new Set(["t1", "t2"]));
      expect(again.map(({ claims }) => claims)).toEqual([2, 2]);
      await engine.port.complete(other);
    });

    it("are lost when the entry is removed, in whatever state that is", async () => {
      for (const taskId of ["active", "delayed", "ready"]) await enqueue(taskId);
      const active = await claimed("w1", 60_000);
      const delayed = await claimed("w1");
      await engine.port.fail(delayed, engine.clock.now() + 5000);

      for (const taskId of ["active", "delayed", "ready"]) {
        expect(await engine.port.remove(taskId)).toBe(true);
        expect(await engine.port.remove(taskId)).toBe(false);
      }
      await expectLost(active);
      await expectLost(delayed);
      engine.clock.advance(60_000);
      expect(await claim("w2")).toBeNull();
      const none = { pending: 0, delayed: 0, active: 0, completed: 0, failed: 0, paused: false };
      expect(await engine.port.counts()).toEqual(none);
    });

    it("of a removed entry are not those of the entry that comes after it", async () => {
      await enqueue("t1");
      const former = await claimed("w1");
      await engine.port.remove("t1");
      await enqueue("t1");
      const lease = await claimed("w1");
      await expectLost(former);
      await engine.port.complete(lease);
      expect(await engine.port.counts()).toMatchObject({ completed: 1, active: 0 });
    });

    it("end once: of many callers with the same lease one is told so, the others that it is lost", async () => {
      await enqueue("t1");
      const lease = await claimed("w1");
      const { won, lost } = await race(20, (index) =>
        index % 2 === 0 ? engine.port.complete(lease) : engine.port.fail(lease),
      );
      expect(won).toHaveLength(1);
      expect(lost.every((error) => error instanceof LeaseLostError)).toBe(true);
      const { completed, failed } = await engine.port.counts();
      expect(completed + failed).toBe(1);
    });

    it("contested between their worker's heartbeat and another's claim have one owner", async () => {
      for (let round = 0; round < 20; round += 1) {
        const taskId = `t${round}`;
        await enqueue(taskId);
        const lease = await claimed("w1");
        engine.clock.advance(1000);
        const [kept, taken] = await Promise.all([engine.port.heartbeat(lease, 1000), claim("w2")]);
        const owners = [kept, taken].filter((owner) => owner !== null);
        const held = [kept ?? lease, taken ?? lease] as const;
        const ended = await race(2, (index) => engine.port.complete(held[index] as Lease));
        expect([owners.length, ended.won.length]).toEqual([1, 1]);
      }
    });
  });
}
