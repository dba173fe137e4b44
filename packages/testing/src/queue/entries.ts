import type { Lease, TaskQueue } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { race } from "../race.ts";

export function entrySuite(open: OpenEngine<TaskQueue>): void {
  describe("entries", () => {
    const engine = useEngine(open);
    const enqueue = (taskId: string, priority = 5) => engine.port.enqueue({ taskId, priority });
    const claim = () =>
      engine.port.claim({ workerId: "w1", leaseMs: 30_000, maxActive: 1000, maxPerWorker: 1000 });

    async function claimed(): Promise<Lease> {
      const lease = await claim();
      if (lease === null) throw new Error("nothing to claim");
      return lease;
    }

    it("are one a task: a repetition changes nothing, whatever state the entry is in", async () => {
      expect(await enqueue("t1", 1)).toBe("added");
      await enqueue("t2", 5);
      expect(await enqueue("t1", 10)).toBe("exists");
      expect((await claimed()).taskId).toBe("t2");
      const lease = await claimed();
      expect(await enqueue("t1")).toBe("exists");
      await engine.port.fail(lease, engine.clock.now() + 1000);
      expect(await enqueue("t1")).toBe("exists");
      await engine.reopen();
      expect(await enqueue("t1")).toBe("exists");
      expect(await engine.port.counts()).toMatchObject({ pending: 0, delayed: 1, active: 1 });
    });

    it("are added once by fifty callers at once", async () => {
      const { won } = await race(50, () => enqueue("t1"));
      expect(won.filter((outcome) => outcome === "added")).toHaveLength(1);
      expect(await engine.port.counts()).toMatchObject({ pending: 1 });
    });

    it("are looked for by task: those that are pending, held or wait have one, those that ended have none", async () => {
      for (const taskId of ["held", "waits", "ended", "pending"]) await enqueue(taskId);
      await claimed();
      await engine.port.fail(await claimed(), engine.clock.now() + 1000);
      await engine.port.complete(await claimed());
      const asked = ["never", "pending", "ended", "held", "waits"];
      expect(await engine.port.missing(asked)).toEqual(["never", "ended"]);
      await engine.reopen();
      expect(await engine.port.missing(asked)).toEqual(["never", "ended"]);
      expect(await engine.port.missing([])).toEqual([]);
    });

    it("may come again when they have ended", async () => {
      for (const end of ["complete", "fail", "remove"] as const) {
        expect(await enqueue("t1")).toBe("added");
        const lease = await claimed();
        if (end === "remove") await engine.port.remove("t1");
        else await engine.port[end](lease);
      }
      expect(await enqueue("t1")).toBe("added");
      expect(await claimed()).toMatchObject({ taskId: "t1" });
      expect(await engine.port.counts()).toMatchObject({ completed: 1, failed: 1, active: 1 });
    });

    it("that failed wait for their time, over a restart, too", async () => {
      await enqueue("t1", 10);
      await enqueue("t2", 1);
      const retryAt = engine.clock.now() + 5000;
      await engine.port.fail(await claimed(), retryAt);

      expect(await engine.port.counts()).toMatchObject({ delayed: 1, pending: 1, active: 0, failed: 0 });
      expect(await engine.port.nextDueAt()).toBe(retryAt);
      expect((await claimed()).taskId).toBe("t2");
      await engine.reopen();
      engine.clock.advance(4999);
      expect(await claim()).toBeNull();
      engine.clock.advance(1);
      expect(await engine.port.counts()).toMatchObject({ delayed: 0, pending: 1 });
      expect(await claimed()).toMatchObject({ taskId: "t1", claims: 2 });
    });

    it("that failed with a time that has passed are due at once", async () => {
      await enqueue("t1");
      await engine.port.fail(await claimed(), engine.clock.now() - 1);
      expect(await engine.port.counts()).toMatchObject({ delayed: 0, pending: 1 });
      expect((await claimed()).taskId).toBe("t1");
    });

    it("tell when the next of them is due: a retry or the end of a lease, whichever is sooner", async () => {
      for (const taskId of ["a", "b", "c"]) await enqueue(taskId);
      const now = engine.clock.now();
      const [first, second] = [await claimed(), await claimed()];
      await claimed();
      expect(await engine.port.nextDueAt()).toBe(now + 30_000);
      await engine.port.fail(first, now + 9000);
      await engine.port.fail(second, now + 4000);
      expect(await engine.port.nextDueAt()).toBe(now + 4000);
      engine.clock.advance(4000);
      await claimed();
      expect(await engine.port.nextDueAt()).toBe(now + 9000);
    });

    it("that are due but cannot be claimed do not name a time that has passed", async () => {
      await enqueue("t1");
      await engine.port.fail(await claimed(), engine.clock.now() + 1000);
      await engine.port.pause();
      engine.clock.advance(1000);
      expect(await claim()).toBeNull();
      expect(await engine.port.nextDueAt()).toBeNull();
    });

    it("are counted, also when they have ended, over a restart, too", async () => {
      for (let index = 0; index < 10; index += 1) await enqueue(`t${index}`);
      const leases = await Promise.all(Array.from({ length: 6 }, claimed));
      await engine.port.complete(leases[0] as Lease);
      await engine.port.complete(leases[1] as Lease);
      await engine.port.fail(leases[2] as Lease);
      await engine.port.fail(leases[3] as Lease, engine.clock.now() + 1000);
      await engine.port.remove("t9");

      const expected = { pending: 3, delayed: 1, active: 2, completed: 2, failed: 1, paused: false };
      expect(await engine.port.counts()).toEqual(expected);
      await engine.reopen();
      expect(await engine.port.counts()).toEqual(expected);
    });
  });
}
