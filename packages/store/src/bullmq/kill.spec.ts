import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createFakeClock, errorOf, startValkey, type FakeClock, type ValkeyInTest } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { KillOrder } from "./kill-client-process.ts";
import { claimed, drained, openQueue, type QueueInTest } from "./queue-in-test.ts";

const PROGRAM = fileURLToPath(new URL("./kill-client-process.ts", import.meta.url));
const P = "orchestrator:queue:";
const LEASE = 1000;

describe("the queue, when a process that uses it is killed", () => {
  let valkey: ValkeyInTest;
  let clock: FakeClock;
  let opened: QueueInTest;

  beforeEach(async () => {
    valkey = await startValkey({ durable: false });
    clock = createFakeClock();
    opened = await openQueue(valkey.url, { now: () => clock.now() });
  });
  afterEach(async () => {
    await opened.close();
    await valkey.close();
  });

  /** Entries in the states that the process will change, each with what it needs for that. */
  async function prepared(): Promise<KillOrder["leases"]> {
    const { queue } = opened;
    const lease = async (taskId: string, workerId = "killed") => {
      await queue.enqueue({ taskId, priority: 10 });
      return await claimed(opened, workerId, LEASE);
    };
    // Everything once, so that the server knows every script: the process will not hear that it does not.
    await queue.complete(await lease("known-1"));
    await queue.fail(await lease("known-2"), clock.now());
    await queue.heartbeat(await claimed(opened), 1);
    await queue.release("w1");
    await queue.remove("known-2");
    const leases = {
      done: await lease("done"),
      failed: await lease("failed"),
      again: await lease("again"),
      beating: await lease("beating"),
    };
    await lease("released", "gone");
    for (const taskId of ["next", "removed"]) await queue.enqueue({ taskId, priority: 9 });
    return leases;
  }

  /** Lets the process do its work up to `moment`, kills it, and waits until the server has heard all it will. */
  async function killAt(moment: KillOrder["moment"]): Promise<void> {
    const order: KillOrder = { url: valkey.url, now: clock.now(), moment, leases: await prepared() };
    const clients = async (): Promise<string> => await opened.connection.info("clients");
    const before = await clients();
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(order)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const connected = (text: string): string | undefined => /connected_clients:\d+/.exec(text)?.[0];
    while (connected(await clients()) !== connected(before));
  }

  /** What a list, set or hash of the queue holds. */
  async function expectWhole(): Promise<void> {
    const { connection } = opened;
    const active = await connection.lrange(`${P}active`, 0, -1);
    const leased = await connection.zrange(`${P}leases`, "0", "-1");
    expect(active.toSorted()).toEqual(leased.map((taskId) => `task-${taskId}`).toSorted());
    for (const taskId of leased) expect(await connection.hget(`${P}lease:${taskId}`, "token")).not.toBeNull();
    const waiting = await connection.zrange(`${P}prioritized`, "0", "-1");
    const delayed = await connection.zrange(`${P}delayed`, "0", "-1");
    const entries = [...active, ...waiting, ...delayed];
    const jobs = await connection.keys(`${P}task-*`);
    expect(entries.map((jobId) => `${P}${jobId}`).toSorted()).toEqual(jobs.toSorted());
  }

  it("after everything was answered, has done it, and gives on what the process held when its time is over", async () => {
    await killAt("answered");
    await expectWhole();
    expect(await opened.queue.counts()).toMatchObject({
      active: 2,
      delayed: 1,
      completed: 2,
      failed: 1,
      pending: 2,
    });
    expect(await drained(opened)).toEqual(["released", "new"]);
    clock.advance(LEASE);
    expect((await drained(opened)).toSorted()).toEqual(["again", "beating", "next"]);
  });

  it("before it heard anything, has done each thing wholly or not at all, and loses nothing", async () => {
    await killAt("sent");
    await expectWhole();
    const { completed, failed } = await opened.queue.counts();
    clock.advance(LEASE);
    const left = await drained(opened);
    expect(new Set(left).size).toBe(left.length);
    for (const taskId of ["again", "beating", "released", "next"]) expect(left).toContain(taskId);
    expect(left.includes("done")).toBe(completed === 1);
    expect(left.includes("failed")).toBe(failed === 0);
    expect(await opened.connection.keys(`${P}{task-,lease:,worker:,leases}*`)).toEqual([]);
  });
});

describe("the queue, when its server is killed in the middle of everything", () => {
  it("has kept whatever it answered, round after round, and gives nothing twice", async () => {
    const valkey = await startValkey();
    onTestFinished(() => valkey.close());
    const clock = createFakeClock();
    const now = (): number => clock.now();
    const [one, other] = [await openQueue(valkey.url, { now }), await openQueue(valkey.url, { now })];
    onTestFinished(() => Promise.all([one.close(), other.close()]).then(() => undefined));
    /** Answered, asked, answered. */
    const added = new Set<string>();
    const ending = new Set<string>();
    const ended = new Set<string>();
    const tokens = new Map<string, string>();

    const work = async (from: QueueInTest, name: string, enough: () => void): Promise<unknown> => {
      for (let index = 0; ; index += 1) {
        const taskId = `${name}-${index}`;
        await from.queue.enqueue({ taskId, priority: 1 + (index % 10) });
        added.add(taskId);
        if (index % 3 === 0) continue;
        const lease = await claimed(from, name, LEASE);
        expect(tokens.get(lease.token)).toBeUndefined();
        tokens.set(lease.token, lease.taskId);
        expect(ended.has(lease.taskId)).toBe(false);
        if (index % 5 === 0) continue;
        ending.add(lease.taskId);
        await from.queue.complete(lease);
        ended.add(lease.taskId);
        if (ended.size % 100 === 0) enough();
      }
    };

    for (let round = 0; round < 3; round += 1) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const workers = Array.from({ length: 10 }, (_, index) =>
        errorOf(work(index % 2 === 0 ? one : other, `r${round}-w${index}`, resolve)),
      );
      await Promise.race([promise, Promise.all(workers)]);
      await valkey.process.kill();
      for (const error of await Promise.all(workers))
        expect(String(error)).toContain("StoreUnavailableError");
      await valkey.restart();
      for (const { connection } of [one, other])
        if (connection.status !== "ready") await once(connection, "ready");
    }
    expect(await one.connection.llen(`${P}active`)).toBe(await one.connection.zcard(`${P}leases`));
    clock.advance(LEASE);
    const left = await drained(one);
    expect(new Set(left).size).toBe(left.length);
    expect(left.filter((taskId) => ended.has(taskId))).toEqual([]);
    expect([...added].filter((id) => !ending.has(id) && !left.includes(id))).toEqual([]);
  });
});
