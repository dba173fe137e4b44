import type { Lease, TaskQueue } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";

export function availabilitySuite(open: OpenEngine<TaskQueue>): void {
  describe("availability", () => {
    const engine = useEngine(open);
    const enqueue = (taskId: string) => engine.port.enqueue({ taskId, priority: 5 });
    const claim = (maxActive = 1000) =>
      engine.port.claim({ workerId: "w1", leaseMs: 30_000, maxActive, maxPerWorker: 1000 });

    /** Waits for an announcement after `act` was called; gives true when it came. */
    async function announced(act: () => Promise<unknown>): Promise<boolean> {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const stop = engine.port.onAvailable(() => resolve(true));
      await act();
      const came = await promise;
      stop();
      return came;
    }

    it("is announced for whatever may let someone claim: an entry, a retry, a free place, a resume", async () => {
      expect(await announced(() => enqueue("t1"))).toBe(true);
      expect(await announced(() => enqueue("t2"))).toBe(true);
      const first = (await claim()) as Lease;
      expect(await announced(() => engine.port.complete(first))).toBe(true);
      const second = (await claim()) as Lease;
      expect(await announced(() => engine.port.fail(second, engine.clock.now()))).toBe(true);
      const third = (await claim()) as Lease;
      expect(await announced(() => engine.port.fail(third))).toBe(true);
      await enqueue("t3");
      await claim();
      expect(await announced(() => engine.port.release("w1"))).toBe(true);
      await claim();
      expect(await announced(() => engine.port.remove("t3"))).toBe(true);
      await engine.port.pause();
      expect(await announced(() => engine.port.resume())).toBe(true);
    });

    it("comes when a claim can succeed, not before", async () => {
      const claims: Promise<Lease | null>[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = engine.port.onAvailable(() => {
        claims.push(claim());
        resolve();
      });
      await enqueue("t1");
      await promise;
      expect(await claims[0]).toMatchObject({ taskId: "t1" });
      stop();
    });

    it("reaches every listener though one throws, and no one who has stopped", async () => {
      const stopThrowing = engine.port.onAvailable(() => {
        throw new Error("a bad listener");
      });
      let calls = 0;
      engine.port.onAvailable(() => {
        calls += 1;
      })();
      await announced(() => enqueue("t1"));
      expect(calls).toBe(0);
      stopThrowing();
    });
  });
}
