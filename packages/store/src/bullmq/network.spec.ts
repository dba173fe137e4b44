import { createFakeClock, errorOf, startCutProxy, startValkey } from "@mosaic/testing";
import type { CutProxy, FakeClock, ValkeyInTest } from "@mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { LeaseLostError } from "../task-queue.ts";
import { claimed, openQueue, reached, type QueueInTest } from "./queue-in-test.ts";

const LEASE = 1000;

describe("the queue over a network that breaks", () => {
  let valkey: ValkeyInTest;
  let proxy: CutProxy;
  let clock: FakeClock;
  let far: QueueInTest;
  let near: QueueInTest;

  beforeAll(async () => {
    valkey = await startValkey({ durable: false });
  });
  afterAll(() => valkey.close());
  beforeEach(async () => {
    clock = createFakeClock();
    proxy = await startCutProxy({ port: valkey.port });
    const now = (): number => clock.now();
    far = await openQueue(`redis://127.0.0.1:${proxy.port}`, { now, timeoutMs: 300, silenceMs: 100 });
    near = await openQueue(valkey.url, { now });
  });
  afterEach(async () => {
    await Promise.all([far.close(), near.close()]);
    await proxy.close();
    await valkey.run("flushall");
  });

  /** Claims from afar, and breaks the way to the server while that has the claim but has not begun with it. */
  async function claimOver(broken: () => void): Promise<unknown> {
    await near.queue.enqueue({ taskId: "t1", priority: 5 });
    // Once before, so that the server knows the script.
    await far.claim("far", 0);
    await near.connection.client("PAUSE", 60_000, "WRITE");
    const unheard = errorOf(far.claim("far", LEASE));
    while (!(await near.connection.info("clients")).includes("blocked_clients:1"));
    broken();
    await near.connection.client("UNPAUSE");
    return await unheard;
  }

  it("says that the outcome is unknown when the answer to a claim is lost; the entry is not, nor held for ever", async () => {
    expect(await claimOver(() => proxy.cut())).toMatchObject({ code: "crashed" });
    expect(await near.claim()).toBeNull();
    expect(await near.queue.counts()).toMatchObject({ active: 1, pending: 0 });
    clock.advance(LEASE);
    expect(await near.claim("near", LEASE)).toMatchObject({ taskId: "t1", claims: 3 });
  });

  it("says the same when the connection ends before the server begins, and the entry comes back", async () => {
    expect(await claimOver(() => proxy.reset())).toMatchObject({ code: "crashed" });
    clock.advance(LEASE);
    expect(await near.claim("near", LEASE)).toMatchObject({ taskId: "t1" });
  });

  it("finds its lease lost when it was away for longer than that", async () => {
    await near.queue.enqueue({ taskId: "t1", priority: 5 });
    const lost = await claimed(far, "far", LEASE);
    proxy.cut();
    expect(await errorOf(far.queue.heartbeat(lost, LEASE))).toMatchObject({ code: "crashed" });
    clock.advance(LEASE);
    const lease = await claimed(near, "near", LEASE);
    proxy.mend();
    expect(await reached(() => far.queue.heartbeat(lost, LEASE))).toBeNull();
    expect(await errorOf(far.queue.complete(lost))).toBeInstanceOf(LeaseLostError);
    await near.queue.complete(lease);
  });

  it("goes on with its lease when it was away for less", async () => {
    await near.queue.enqueue({ taskId: "t1", priority: 5 });
    const lease = await claimed(far, "far", LEASE);
    proxy.reset();
    clock.advance(LEASE - 1);
    proxy.mend();
    expect(await reached(() => far.queue.heartbeat(lease, LEASE))).not.toBeNull();
    expect(await near.claim()).toBeNull();
  });

  it("notices that announcements do not come any more, says so once, and makes up for what it missed", async () => {
    proxy.cut();
    while (far.errors.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await near.queue.enqueue({ taskId: "t1", priority: 5 });
    const { promise, resolve } = Promise.withResolvers<void>();
    far.queue.onAvailable(resolve);
    proxy.mend();
    await promise;
    expect(await reached(() => far.claim())).toMatchObject({ taskId: "t1" });
    expect(far.errors).toHaveLength(1);
    expect(far.errors[0]).toMatchObject({ code: "unreachable" });
  });

  it("is refused at once while there is no server, and goes on by itself when there is one", async () => {
    const other = await startValkey();
    onTestFinished(() => other.close());
    const opened = await openQueue(other.url);
    await opened.queue.enqueue({ taskId: "t1", priority: 5 });
    await other.process.kill();
    const refused = async (): Promise<void> => {
      const error = await errorOf(opened.queue.counts());
      if ((error as { code: string }).code !== "unreachable") await refused();
    };
    await refused();
    await other.restart();
    expect(await reached(() => opened.claim())).toMatchObject({ taskId: "t1" });
    await opened.close();
    expect(await errorOf(opened.claim())).toMatchObject({ code: "closed" });
  });
});
