import { createFakeClock, race, startValkey, type FakeClock, type ValkeyInTest } from "@mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Lease } from "../task-queue.ts";
import { drained, openQueue, type QueueInTest } from "./queue-in-test.ts";

describe("two processes on one queue", () => {
  let valkey: ValkeyInTest;
  let clock: FakeClock;
  let both: readonly [QueueInTest, QueueInTest];

  beforeAll(async () => {
    valkey = await startValkey({ durable: false });
  });
  afterAll(() => valkey.close());
  beforeEach(async () => {
    clock = createFakeClock();
    const now = (): number => clock.now();
    both = [await openQueue(valkey.url, { now }), await openQueue(valkey.url, { now })];
  });
  afterEach(async () => {
    await Promise.all(both.map((one) => one.close()));
    await valkey.run("flushall");
  });

  const side = (index: number): QueueInTest => both[index % 2] as QueueInTest;

  it("hold the limit of all workers and that of each worker together", async () => {
    await race(60, (index) => side(index).queue.enqueue({ taskId: `t${index}`, priority: 5 }));
    const claim = (index: number, maxActive: number, maxPerWorker: number) =>
      side(index).queue.claim({ workerId: `w${index % 4}`, leaseMs: 1000, maxActive, maxPerWorker });
    const leases = async (maxActive: number, maxPerWorker: number): Promise<readonly Lease[]> =>
      (await race(40, (index) => claim(index, maxActive, maxPerWorker))).won.filter(
        (lease) => lease !== null,
      );

    const perWorker = await leases(1000, 2);
    expect(perWorker.map(({ workerId }) => workerId).toSorted()).toEqual([
      "w0",
      "w0",
      "w1",
      "w1",
      "w2",
      "w2",
      "w3",
      "w3",
    ]);
    expect(await leases(11, 1000)).toHaveLength(3);
    expect(await side(1).queue.counts()).toMatchObject({ active: 11, pending: 49 });
    clock.advance(1000);
    expect(await leases(7, 1000)).toHaveLength(7);
  });

  it("are paused and resumed by either, from the answer on", async () => {
    await race(20, (index) => side(index).queue.enqueue({ taskId: `t${index}`, priority: 5 }));
    for (const [pausing, other] of [both, both.toReversed() as [QueueInTest, QueueInTest]]) {
      await pausing.queue.pause();
      expect((await race(10, () => other.claim())).won.every((lease) => lease === null)).toBe(true);
      expect(await other.queue.counts()).toMatchObject({ paused: true });
      await other.queue.resume();
      expect(await pausing.claim()).not.toBeNull();
    }
  });

  it("give a task to one of both, 1,000 times, and let go only of what is held", async () => {
    for (let round = 0; round < 1000; round += 1) {
      const taskId = `t${round}`;
      const added = await race(2, (index) => side(index).queue.enqueue({ taskId, priority: 5 }));
      expect(added.won.toSorted()).toEqual(["added", "exists"]);
      const { won } = await race(2, (index) => side(index).claim(`w${index}`));
      const leases = won.filter((lease) => lease !== null);
      expect(leases).toHaveLength(1);
      const ended = await race(2, (index) => side(index).queue.complete(leases[0] as Lease));
      expect(ended.won).toHaveLength(1);
    }
    expect(await side(0).queue.counts()).toMatchObject({ completed: 1000, pending: 0, active: 0 });
  });

  it("tell each other when an entry or a place may be free", async () => {
    const [here, there] = both;
    let heard = 0;
    const announced = async (act: () => Promise<unknown>): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = there.queue.onAvailable(resolve);
      await Promise.all([act(), promise]);
      stop();
      heard += 1;
    };
    await announced(() => here.queue.enqueue({ taskId: "t1", priority: 5 }));
    const first = (await there.claim()) as Lease;
    await announced(() => here.queue.fail(first, clock.now()));
    const second = (await there.claim()) as Lease;
    await announced(() => here.queue.complete(second));
    await announced(() => here.queue.resume());
    expect(heard).toBe(4);
  });

  it("keep an entry's place inside its priority, over retries, take-overs and releases", async () => {
    for (const taskId of ["a", "b", "c", "d"]) await side(0).queue.enqueue({ taskId, priority: 5 });
    const [retried] = [await side(0).claim(), await side(1).claim("gone"), await side(1).claim("w1", 500)];
    await side(0).queue.fail(retried as Lease, clock.now() + 100);
    clock.advance(500);
    await side(0).queue.release("gone");
    await side(0).queue.enqueue({ taskId: "e", priority: 5 });
    expect(await drained(side(1))).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("make any number of retries due that are due together, each at its place", async () => {
    for (const batch of ["a", "b"]) {
      await race(750, (index) => side(0).queue.enqueue({ taskId: `${batch}${1000 + index}`, priority: 5 }));
      const held = (await race(750, (index) => side(index).claim())).won as readonly Lease[];
      await race(750, (index) => side(index).queue.fail(held[index] as Lease, clock.now() + 1));
    }
    clock.advance(1);
    expect(await side(0).queue.counts()).toMatchObject({ delayed: 0, pending: 1500 });
    // The first claim makes 1,000 of them due, the second the rest.
    const [first, ...rest] = await drained(side(0));
    expect(new Set([first, ...rest]).size).toBe(1500);
    expect(rest).toEqual(rest.toSorted());
  });
});
