import { createFakeClock, errorOf, startValkey, type FakeClock, type ValkeyInTest } from "@mosaic/testing";
import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CorruptRecordError, InvalidChangeError, StoreUnavailableError } from "../store-error.ts";
import type { Lease } from "../task-queue.ts";
import { claimed, drained, openQueue, type QueueInTest } from "./queue-in-test.ts";

const P = "orchestrator:queue:";

describe("the queue, when something is wrong with what is in it", () => {
  let valkey: ValkeyInTest;
  let clock: FakeClock;
  let opened: QueueInTest;

  beforeAll(async () => {
    valkey = await startValkey({ durable: false });
  });
  afterAll(() => valkey.close());
  beforeEach(async () => {
    clock = createFakeClock();
    await valkey.run("set", "orchestrator:epoch", "e1");
    opened = await openQueue(valkey.url, { now: () => clock.now(), epoch: "e1" });
    for (const taskId of ["t1", "t2"]) await opened.queue.enqueue({ taskId, priority: 5 });
  });
  afterEach(async () => {
    await opened.close();
    await valkey.run("flushall");
  });

  const every = (lease: Lease): readonly (() => Promise<unknown>)[] => {
    const { queue, claim } = opened;
    return [
      () => queue.enqueue({ taskId: "new", priority: 5 }),
      () => claim(),
      () => queue.heartbeat(lease, 1000),
      () => queue.complete(lease),
      () => queue.fail(lease),
      () => queue.fail(lease, clock.now()),
      () => queue.remove("t1"),
      () => queue.release("w1"),
      () => queue.pause(),
      () => queue.resume(),
      () => queue.counts(),
      () => queue.nextDueAt(),
    ];
  };

  it("refuses everything when the database was emptied or exchanged, and writes nothing into it", async () => {
    const lease = await claimed(opened);
    for (const change of [["flushall"], ["set", "orchestrator:epoch", "e2"]]) {
      await valkey.run(...change);
      const before = await valkey.run("dbsize");
      for (const call of every(lease)) {
        const error = await errorOf(call());
        expect(error).toBeInstanceOf(StoreUnavailableError);
        expect(error).toMatchObject({ code: "emptied" });
      }
      expect(await valkey.run("dbsize")).toBe(before);
    }
  });

  it("names a damaged entry instead of claiming past it, and takes it out when it is told to", async () => {
    for (const [field, value] of [
      ["priority", "11"],
      ["seq", "soon"],
      ["ats", "often"],
    ] as const) {
      await valkey.run("hset", `${P}task-t1`, field, value);
      const error = await errorOf(opened.claim());
      expect(error).toBeInstanceOf(CorruptRecordError);
      expect(error).toMatchObject({ record: `${P}task-t1`, field });
      expect(await opened.queue.counts()).toMatchObject({ pending: 2, active: 0 });
      await opened.queue.remove("t1");
      await opened.queue.enqueue({ taskId: "t1", priority: 6 });
    }
    await valkey.run("set", `${P}task-t1`, "text");
    expect(await errorOf(opened.claim())).toMatchObject({ record: `${P}task-t1`, field: "value" });
    await valkey.run("del", `${P}task-t1`);
    expect(await errorOf(opened.claim())).toMatchObject({ record: `${P}task-t1`, field: "priority" });
    await opened.queue.remove("t1");
    expect(await drained(opened)).toEqual(["t2"]);
  });

  it("names a damaged lease", async () => {
    const lease = await claimed(opened);
    await valkey.run("hdel", `${P}lease:t1`, "workerId");
    expect(await errorOf(opened.queue.complete(lease))).toMatchObject({
      record: `${P}lease:t1`,
      field: "workerId",
    });
    await valkey.run("set", `${P}lease:t1`, "text");
    expect(await errorOf(opened.queue.heartbeat(lease, 1))).toBeInstanceOf(CorruptRecordError);
    await valkey.run("set", `${P}leases`, "text");
    expect(await errorOf(opened.claim())).toMatchObject({ code: "damaged" });
  });

  it("mends what another program has done to it: nothing is lost, given twice or held for ever", async () => {
    const { queue } = opened;
    const bull = new Queue("queue", { connection: opened.connection, prefix: "orchestrator" });
    const active = async (...commands: readonly (readonly string[])[]): Promise<void> => {
      for (const command of commands) await valkey.run(...command);
    };
    // Active without a lease.
    await active(["zrem", `${P}prioritized`, "task-t1"], ["lpush", `${P}active`, "task-t1"]);
    expect(await queue.counts()).toMatchObject({ pending: 2, active: 0 });
    const lease = await claimed(opened);
    expect(lease.taskId).toBe("t1");
    // A lease whose entry is not active.
    await active(["lrem", `${P}active`, "0", "task-t1"], ["zadd", `${P}delayed`, "1", "task-t1"]);
    expect(await opened.claim()).toMatchObject({ taskId: "t1", claims: 2 });
    // On the list that BullMQ reads first.
    await active(["zrem", `${P}prioritized`, "task-t2"], ["lpush", `${P}wait`, "task-t2"]);
    await queue.enqueue({ taskId: "t3", priority: 10 });
    expect(await opened.claim()).toMatchObject({ taskId: "t3" });
    // A lease without an entry.
    await bull.remove("task-t1");
    expect(await opened.claim()).toMatchObject({ taskId: "t2" });
    expect(await queue.counts()).toMatchObject({ active: 2, pending: 0, delayed: 0 });
    expect(await valkey.run("exists", `${P}lease:t1`)).toBe("0");
    await bull.close();
  });

  it("obeys a limit that was set with BullMQ's own means, and holds nothing for it", async () => {
    const bull = new Queue("queue", { connection: opened.connection, prefix: "orchestrator" });
    const lost = await claimed(opened, "w1", 1000);
    clock.advance(1000);
    await bull.setGlobalConcurrency(0);
    expect(await opened.claim()).toBeNull();
    expect(await opened.queue.heartbeat(lost, 1000)).not.toBeNull();
    await bull.removeGlobalConcurrency();
    expect(await opened.claim()).toMatchObject({ taskId: "t2" });
    await bull.close();
  });

  it("is a queue that BullMQ's own tools can read", async () => {
    await claimed(opened);
    await opened.queue.fail(await claimed(opened), clock.now() + 1000);
    await opened.queue.enqueue({ taskId: "t3", priority: 10 });
    await opened.queue.pause();
    const bull = new Queue("queue", { connection: opened.connection, prefix: "orchestrator" });
    expect(await bull.getJobCounts("prioritized", "active", "delayed")).toEqual({
      prioritized: 1,
      active: 1,
      delayed: 1,
    });
    expect(await bull.isPaused()).toBe(true);
    const job = await bull.getJob("task-t3");
    expect(job).toMatchObject({ name: "task", data: { taskId: "t3" }, priority: 1, timestamp: clock.now() });
    expect(await bull.getJobState("task-t2")).toBe("delayed");
    await bull.close();
  });

  it("takes no entry that would not be one part of a key, and no priority out of range", async () => {
    for (const taskId of ["", "a:b", "a b", "ä", "x".repeat(65)])
      expect(await errorOf(opened.queue.enqueue({ taskId, priority: 5 }))).toBeInstanceOf(InvalidChangeError);
    for (const priority of [0, 11, 1.5, Number.NaN])
      expect(await errorOf(opened.queue.enqueue({ taskId: "t3", priority }))).toBeInstanceOf(
        InvalidChangeError,
      );
  });

  it("takes any task id that may be one, also those that look like numbers or like the queue's own keys", async () => {
    const ids = ["42", "id", "meta", "active", "pc", "lease", "repeat", "a.b-c_d"];
    for (const taskId of ids) expect(await opened.queue.enqueue({ taskId, priority: 9 })).toBe("added");
    expect(await drained(opened)).toEqual([...ids, "t1", "t2"]);
  });
});
