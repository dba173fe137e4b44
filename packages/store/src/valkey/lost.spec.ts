import {
  collectEvents,
  admission,
  errorOf,
  move,
  notice,
  startCutProxy,
  startValkey,
  type CutProxy,
  type Subject,
  type ValkeyInTest,
} from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answered, openStore, type StoreInTest } from "./store-in-test.ts";

const SHORT = 200;

describe("Valkey, when the way to it or the server itself is lost", () => {
  let valkey: ValkeyInTest;
  let proxy: CutProxy;
  /** Behind the proxy. */
  let store: StoreInTest;
  /** Beside it. */
  let other: StoreInTest;
  let subject: Subject;

  beforeEach(async () => {
    valkey = await startValkey();
    proxy = await startCutProxy({ port: valkey.port });
    store = await openStore(`redis://127.0.0.1:${proxy.port}`, { timeoutMs: SHORT });
    other = await openStore(valkey.url);
    const { agent, ...request } = admission();
    await store.state.admit({ agent, ...request });
    subject = agent;
  });
  afterEach(async () => {
    await store.close();
    await other.close();
    await proxy.close();
    await valkey.close();
  });

  const running = () => store.state.transition(move(subject, { agent: "running" }));
  const read = () => store.state.getAgent(subject.agentId);

  /** A state and its events tell the same, and no event was written twice. */
  async function expectWhole(): Promise<void> {
    const events = await other.state.eventsAfter({ after: 0, limit: 1000, subject: subject.agentId });
    const told = events.filter(({ type }) => type.startsWith("agent.")).map(({ type }) => type);
    const state = (await other.state.getAgent(subject.agentId))?.state;
    expect(told).toEqual(state === "spawning" ? ["agent.spawning"] : ["agent.spawning", "agent.running"]);
  }

  it("refuses calls at once while it is away, and works again when it is back", async () => {
    proxy.reset();
    const codes = [];
    for (let count = 0; count < 20; count += 1) {
      const error = await errorOf(running());
      expect(error).toMatchObject({ name: "StoreUnavailableError" });
      codes.push((error as { code: string }).code);
    }
    expect(codes.slice(1)).toEqual(Array.from({ length: 19 }, () => "unreachable"));
    expect(await store.check()).toMatchObject({
      ok: false,
      detail: expect.stringContaining("nothing was recorded"),
    });
    proxy.mend();
    await answered(read);
    await running();
    await expectWhole();
  });

  it("says that the outcome is not known when the answer to a write is lost, and nothing but that of a read", async () => {
    proxy.cut();
    const [write, look] = await Promise.all([errorOf(running()), errorOf(read())]);
    expect(write).toMatchObject({
      code: "crashed",
      message: expect.stringContaining("may or may not be recorded"),
    });
    expect(look).toMatchObject({ code: "unreachable" });
    proxy.mend();
    await answered(read);
    await expectWhole();
  });

  it("misses no event of the time it was away, and tells each once", async () => {
    const seen = collectEvents(store.state);
    await running();
    for (const end of [() => proxy.reset(), () => proxy.cut()]) {
      end();
      for (let count = 0; count < 600; count += 200) {
        await Promise.all(Array.from({ length: 200 }, () => other.state.append([notice(subject, "x")])));
      }
      proxy.mend();
      await seen.until((await other.state.eventRange()).newest);
    }
    expect(seen.seen.map(({ id }) => id)).toEqual(Array.from({ length: 1201 }, (_, index) => index + 3));
    expect(store.errors).toHaveLength(2);
  });

  it("does not wait for a frozen server for longer than it was told to", async () => {
    valkey.process.freeze();
    expect(await errorOf(running())).toMatchObject({ code: "crashed" });
    expect(await errorOf(openStore(valkey.url, { timeoutMs: SHORT }))).toMatchObject({ code: "unreachable" });
    valkey.process.thaw();
    await answered(read);
    await expectWhole();
  });

  it("brings an order and its answer over a broken connection", async () => {
    const handled: string[] = [];
    const errors: unknown[] = [];
    await store.orders.serve(
      "b",
      async ({ orderId }) => handled.push(orderId),
      (error) => errors.push(error),
    );
    proxy.reset();
    const order = { orderId: "o-1", kind: "kill", agentId: subject.agentId, by: "ops", why: "w" } as const;
    await other.orders.give(order, ["b"], 60_000);
    proxy.mend();
    expect(await other.orders.answers("o-1", ["b"], 30_000)).toEqual(new Map([["b", 1]]));
    expect(handled).toEqual(["o-1"]);
  });

  it("loads its functions again when somebody has removed them", async () => {
    await valkey.run("function", "flush");
    expect((await running()).agent).toMatchObject({ state: "running" });
    await expectWhole();
  });

  it("finishes what is under way when it is closed, and refuses what comes later", async () => {
    const under = Array.from({ length: 20 }, () => other.state.append([notice(subject, "x")]));
    const closing = other.close();
    expect(await errorOf(other.state.append([notice(subject, "late")]))).toMatchObject({ code: "closed" });
    await closing;
    await other.close();
    expect((await Promise.all(under)).flat()).toHaveLength(20);
    expect(await store.state.eventRange()).toEqual({ oldest: 1, newest: 22 });
    expect(await other.check()).toEqual({ ok: false, detail: "the store is closed" });
  });
});
