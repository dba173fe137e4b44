import { startValkey, type ValkeyInTest } from "@mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { claimed, openQueue, type QueueInTest } from "./queue-in-test.ts";

const FIVE_MINUTES = 300_000;
const LEASE = 60_000;

for (const [name, off] of [
  ["ahead", FIVE_MINUTES],
  ["behind", -FIVE_MINUTES],
] as const) {
  describe(`a process whose clock is five minutes ${name}`, () => {
    let valkey: ValkeyInTest;
    let wrong: QueueInTest;
    let right: QueueInTest;
    const wrongNow = (): number => Date.now() + off;

    beforeAll(async () => {
      valkey = await startValkey({ durable: false });
    });
    afterAll(() => valkey.close());
    beforeEach(async () => {
      wrong = await openQueue(valkey.url, { localNow: wrongNow });
      right = await openQueue(valkey.url);
      await wrong.queue.enqueue({ taskId: "t1", priority: 5 });
    });
    afterEach(async () => {
      await Promise.all([wrong.close(), right.close()]);
      await valkey.run("flushall");
    });

    /** Asserts that a time lies `ms` milliseconds ahead by a clock, and not five minutes beside it. */
    const expectIn = (ms: number, clock: () => number, at: number): void =>
      expect(Math.abs(at - clock() - ms)).toBeLessThan(FIVE_MINUTES / 10);

    it("holds a lease as long as any other, by the server's clock", async () => {
      expectIn(LEASE, wrongNow, (await claimed(wrong, "w1", LEASE)).expiresAt);
      expect(await right.claim()).toBeNull();
      expect(await right.queue.counts()).toMatchObject({ active: 1, pending: 0 });
      expectIn(
        LEASE,
        Date.now,
        Number(await right.connection.hget("orchestrator:queue:lease:t1", "expiresAt")),
      );
    });

    it("loses a lease of one millisecond after one millisecond", async () => {
      const lost = await claimed(wrong, "w1", 1);
      const lease = await claimed(right);
      expect(lease).toMatchObject({ taskId: "t1", claims: 2 });
      expect(await wrong.queue.heartbeat(lost, LEASE)).toBeNull();
    });

    it("postpones by a span, and hears by its own clock when that ends", async () => {
      await wrong.queue.fail(await claimed(wrong), wrongNow() + LEASE);
      expect(await right.claim()).toBeNull();
      expect(await right.queue.counts()).toMatchObject({ delayed: 1 });
      expectIn(LEASE, wrongNow, Number(await wrong.queue.nextDueAt()));
      expectIn(LEASE, Date.now, Number(await right.queue.nextDueAt()));
    });

    it("makes an entry due at once when it says now", async () => {
      await wrong.queue.fail(await claimed(wrong), wrongNow());
      expect(await claimed(right)).toMatchObject({ taskId: "t1" });
    });
  });
}
