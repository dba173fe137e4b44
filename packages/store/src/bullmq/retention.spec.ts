import { race, startValkey, type ValkeyInTest } from "@mosaic/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lease } from "../task-queue.ts";
import { openQueue, type QueueInTest } from "./queue-in-test.ts";

const ENDED = 10_000;
/** BullMQ keeps its last 10,000 events, about five an entry: as many entries until that is full. */
const BEFORE = 4000;

describe("entries that have ended", () => {
  let valkey: ValkeyInTest;
  let opened: QueueInTest;

  beforeAll(async () => {
    valkey = await startValkey({ durable: false });
    opened = await openQueue(valkey.url);
  });
  afterAll(async () => {
    await opened.close();
    await valkey.close();
  });

  async function endMany(count: number, name: string): Promise<void> {
    const { queue, claim } = opened;
    await race(50, async (worker) => {
      for (let index = worker; index < count; index += 50) {
        await queue.enqueue({ taskId: `${name}-${index}`, priority: 1 + (index % 10) });
        const lease = (await claim(`w${worker}`)) as Lease;
        if (index % 3 === 0) await queue.fail(lease);
        else await queue.complete(lease);
      }
    });
  }

  /** Every key of the database, and the bytes it takes. */
  async function kept(): Promise<ReadonlyMap<string, number>> {
    const keys = await opened.connection.keys("*");
    const bytes = await Promise.all(keys.map((key) => opened.connection.memory("USAGE", key, "SAMPLES", 0)));
    return new Map(keys.toSorted().map((key, index) => [key, Number(bytes[index])]));
  }

  it("are only numbers: 10,000 of them leave no key and no byte that was not there before", async () => {
    await endMany(BEFORE, "before");
    const before = await kept();
    await endMany(ENDED, "after");
    const after = await kept();
    expect([...after.keys()]).toEqual([...before.keys()]);
    expect(after.size).toBeLessThan(10);
    const bytes = (sizes: ReadonlyMap<string, number>) =>
      [...sizes.values()].reduce((sum, size) => sum + size, 0);
    // A stream is trimmed by whole nodes.
    expect(bytes(after)).toBeLessThan(bytes(before) * 1.05);
    const all = BEFORE + ENDED;
    const { completed, failed } = await opened.queue.counts();
    expect(completed + failed).toBe(all);
    expect(failed).toBeGreaterThan(all / 4);
  });
});
