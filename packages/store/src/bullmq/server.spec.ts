import { once } from "node:events";
import { errorOf, startValkey, type ValkeyInTest } from "@mosaic/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../valkey/connect.ts";
import { createBullQueue } from "./open.ts";
import { claimed, openQueue, type QueueInTest } from "./queue-in-test.ts";

async function started(args: readonly string[] = []): Promise<ValkeyInTest> {
  const valkey = await startValkey({ durable: false, args });
  onTestFinished(() => valkey.close());
  return valkey;
}

async function openedOn(valkey: ValkeyInTest): Promise<QueueInTest> {
  const opened = await openQueue(valkey.url);
  onTestFinished(() => opened.close());
  return opened;
}

describe("a server that cannot do everything", () => {
  it("when full takes no entry, and lets all that is at work go on, end and be paused", async () => {
    const valkey = await started();
    const opened = await openedOn(valkey);
    const { queue } = opened;
    for (const taskId of ["a", "b", "c", "d", "e"]) await queue.enqueue({ taskId, priority: 5 });
    const held = await claimed(opened);
    await valkey.run("config", "set", "maxmemory", "1");

    expect(await errorOf(queue.enqueue({ taskId: "new", priority: 5 }))).toMatchObject({
      code: "memory_full",
    });
    expect(await queue.counts()).toMatchObject({ pending: 4, active: 1 });
    expect(await queue.heartbeat(held, 60_000)).not.toBeNull();
    await queue.complete(held);
    const failed = await claimed(opened, "gone");
    await queue.fail(failed, Date.now() + 60_000);
    await claimed(opened, "gone");
    expect(await queue.release("gone")).toBe(1);
    expect(await queue.remove("d")).toBe(true);
    await queue.pause();
    expect(await opened.claim()).toBeNull();
    await queue.resume();
    expect(await queue.counts()).toMatchObject({ completed: 1, delayed: 1, pending: 2, paused: false });
  });

  it("as a replica is told from a primary", async () => {
    const primary = await started();
    const replica = await started(["--replicaof", "127.0.0.1", String(primary.port)]);
    const opened = await openedOn(replica);
    expect(await errorOf(opened.queue.enqueue({ taskId: "a", priority: 5 }))).toMatchObject({
      code: "read_only",
    });
    // It looks for the new primary: the link is made anew.
    await once(opened.connection, "ready");
  });

  it("is not listened to when it is gone, and that is said", async () => {
    const valkey = await started();
    const link = await connect({ url: valkey.url });
    await valkey.process.kill();
    const opening = createBullQueue({ link, onListenerError: () => undefined });
    expect(await errorOf(opening)).toMatchObject({ code: "unreachable" });
    await link.close();
  });
});
