import { LeaseLostError, type Fence, type Lease } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "./engine.ts";
import { race } from "./race.ts";
import { admission, move, notice, type Subject } from "./records.ts";
import type { StateAndQueue } from "./recovery.ts";

const AT = "2026-01-01T00:00:00.000Z";

/** What only the holder of a lease may write, whoever else thinks that it holds it. */
export function fencingConformance(name: string, open: OpenEngine<StateAndQueue>): void {
  describe(`${name} behind a fence`, () => {
    const engine = useEngine(open);
    const claim = async (workerId: string): Promise<Lease> => {
      const lease = await engine.port.queue.claim({
        workerId,
        leaseMs: 1000,
        maxActive: 100,
        maxPerWorker: 100,
      });
      if (lease === null) throw new Error("nothing to claim");
      return lease;
    };
    const taken = async (): Promise<{ readonly subject: Subject; readonly lease: Lease }> => {
      const { agent, ...request } = admission();
      await engine.port.state.admit({ agent, ...request });
      await engine.port.queue.enqueue({ taskId: agent.taskId, priority: 5 });
      return { subject: agent, lease: await claim("w1") };
    };

    /** Every kind of write, with a fence. */
    function writes(subject: Subject, fence: Fence): readonly (() => Promise<unknown>)[] {
      const { state } = engine.port;
      return [
        () => state.append([notice(subject, "hello")], fence),
        () => state.patchAgent(subject.agentId, { step: "x" }, AT, [], fence),
        () => state.transition(move(subject, { task: "assigned" }), fence),
      ];
    }

    /** Tries all of them; `refused` only when each was refused as it should be, and changed nothing. */
    async function outcome(subject: Subject, fence: Fence): Promise<"written" | "refused"> {
      const look = async () => [
        await engine.port.state.getAgent(subject.agentId),
        await engine.port.state.getTask(subject.taskId),
        await engine.port.state.eventRange(),
      ];
      const before = await look();
      const { won, lost } = await race(3, async (index) => await writes(subject, fence)[index]?.());
      if (won.length === 3) return "written";
      expect(won).toEqual([]);
      for (const error of lost) {
        expect(error).toBeInstanceOf(LeaseLostError);
        expect(error).toMatchObject({ taskId: subject.taskId });
      }
      expect(await look()).toEqual(before);
      return "refused";
    }

    it("lets the holder write, also when its lease ran out and nobody took it", async () => {
      const { subject, lease } = await taken();
      const longer = (await engine.port.queue.heartbeat(lease, 1000)) as Lease;
      engine.clock.advance(5000);
      expect(await outcome(subject, longer)).toBe("written");
    });

    it("refuses who was taken over, and lets the new holder write", async () => {
      const { subject, lease } = await taken();
      engine.clock.advance(1000);
      const newer = await claim("w2");
      expect(await outcome(subject, lease)).toBe("refused");
      expect(await outcome(subject, newer)).toBe("written");
    });

    it("refuses who was released, removed, or has ended the entry, over a restart, too", async () => {
      const released = await taken();
      await engine.port.queue.release("w1");
      expect(await outcome(released.subject, released.lease)).toBe("refused");
      await engine.port.queue.remove(released.subject.taskId);
      await engine.reopen();
      expect(await outcome(released.subject, released.lease)).toBe("refused");
      const ended = await taken();
      await engine.port.queue.complete(ended.lease);
      expect(await outcome(ended.subject, ended.lease)).toBe("refused");
      const postponed = await taken();
      await engine.port.queue.fail(postponed.lease, engine.clock.now() + 1000);
      expect(await outcome(postponed.subject, postponed.lease)).toBe("refused");
    });

    it("has one owner at every moment, however claims and writes meet", async () => {
      for (let round = 0; round < 20; round += 1) {
        const { subject, lease } = await taken();
        engine.clock.advance(1000);
        const step = (fence: Fence, text: string) =>
          engine.port.state.patchAgent(subject.agentId, { step: text }, AT, [], fence);
        const { won } = await race(3, async (index) => {
          if (index !== 1) return await step(lease, "former");
          const newer = await claim("w2");
          return await step(newer, "newer");
        });
        expect(won.length).toBeGreaterThan(0);
        expect(await engine.port.state.getAgent(subject.agentId)).toMatchObject({ step: "newer" });
        await engine.port.queue.remove(subject.taskId);
      }
    });
  });
}
