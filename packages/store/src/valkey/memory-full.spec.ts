import {
  collectEvents,
  admission,
  errorOf,
  move,
  notice,
  startValkey,
  type Subject,
  type ValkeyInTest,
} from "@mosaic/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore, type StoreInTest } from "./store-in-test.ts";

describe("Valkey without memory", () => {
  let valkey: ValkeyInTest;
  let store: StoreInTest;
  let subject: Subject;

  beforeAll(async () => {
    valkey = await startValkey({ durable: false, args: ["--maxmemory", "3mb"] });
    store = await openStore(valkey.url);
    const { agent, ...request } = admission();
    await store.state.admit({ agent, ...request });
    subject = agent;
    await errorOf(fill());
  });
  afterAll(async () => {
    await store.close();
    await valkey.close();
  });

  async function fill(): Promise<never> {
    for (;;) await store.state.append([notice(subject, "x".repeat(2000))]);
  }
  it("takes nothing new, says what to do, and goes on to answer questions", async () => {
    const before = await store.state.eventRange();
    for (const write of [
      () => store.state.admit(admission()),
      () => store.state.append([notice(subject, "x")]),
    ]) {
      expect(await errorOf(write())).toMatchObject({
        name: "StoreUnavailableError",
        code: "memory_full",
        message: expect.stringContaining("maxmemory"),
      });
    }
    expect(await store.check()).toMatchObject({
      ok: false,
      detail: expect.stringContaining("memory is full"),
    });
    expect(await store.state.getAgent(subject.agentId)).toMatchObject({ state: "spawning" });
    expect(await store.state.eventRange()).toEqual(before);
    expect((await store.state.listAgents({ limit: 10 })).items).toHaveLength(1);
  });

  it("still moves what is at work, with its event: it must come to its end", async () => {
    const { agent, events } = await store.state.transition(move(subject, { agent: "running" }));
    expect([agent?.state, events.length]).toEqual(["running", 1]);
    const at = "2026-01-01T00:02:00.000Z";
    expect(await store.state.patchAgent(subject.agentId, { killRequestedAt: at }, at, [])).toMatchObject({
      killRequestedAt: at,
    });
  });

  it("still brings orders, and hears who is alive", async () => {
    await store.instances.beat(
      {
        instanceId: "a",
        host: "h",
        pid: 1,
        home: "/",
        url: "http://h",
        version: "1",
        capacity: 1,
        running: 0,
        startedAt: "2026-01-01T00:00:00.000Z",
      },
      60_000,
    );
    expect(await store.instances.list()).toMatchObject([{ instanceId: "a", alive: true }]);
    await store.orders.serve(
      "a",
      async () => "killed",
      (error) => {
        throw error;
      },
    );
    const order = { orderId: "o-1", kind: "kill_all", agentId: null, by: "ops", why: "w" } as const;
    await store.orders.give(order, ["a"], 60_000);
    expect(await store.orders.answers("o-1", ["a"], 30_000)).toEqual(new Map([["a", "killed"]]));
  });

  it("can be opened: somebody has to make room", async () => {
    const other = await openStore(valkey.url, { epoch: store.epoch });
    expect(await other.state.eventRange()).toEqual(await store.state.eventRange());
    await other.close();
  });

  it("works again once events were pruned, which is possible while it is full", async () => {
    const seen = collectEvents(store.state);
    expect(await store.state.pruneEvents(10)).toBeGreaterThan(100);
    const events = await store.state.append([notice(subject, "again")]);
    expect(await seen.until(events.at(-1)?.id ?? 0)).toEqual(events);
    expect(store.errors).toEqual([]);
  });
});
