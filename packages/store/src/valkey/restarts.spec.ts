import {
  collectEvents,
  admission,
  errorOf,
  move,
  notice,
  startValkey,
  type ValkeyInTest,
} from "@mosaic/testing";
import { afterEach, describe, expect, it } from "vitest";
import { answered, openStore, type StoreInTest } from "./store-in-test.ts";

describe("Valkey, started again", () => {
  let valkey: ValkeyInTest | undefined;
  let stores: StoreInTest[] = [];
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    stores = [];
    await valkey?.close();
  });

  async function start(durable: boolean): Promise<ValkeyInTest> {
    valkey = await startValkey({ durable });
    return valkey;
  }

  async function open(epoch: string | null = null): Promise<StoreInTest> {
    const store = await openStore(valkey?.url ?? "", { epoch, timeoutMs: 2000 });
    stores.push(store);
    return store;
  }

  it("after SIGKILL has all that was answered, each change with its event, and announces all of it once", async () => {
    const server = await start(true);
    const [writer, listener] = [await open(), await open()];
    const seen = collectEvents(listener.state);
    const acknowledged = new Map<string, string>();
    for (let round = 0; round < 3; round += 1) {
      let told = Promise.withResolvers<void>();
      const writers = Array.from({ length: 20 }, async () => {
        for (;;) {
          const { agent, ...request } = admission({ maxPending: 100_000 });
          try {
            await writer.state.admit({ agent, ...request });
            acknowledged.set(agent.agentId, "spawning");
            await writer.state.transition(move(agent, { agent: "running", task: "assigned" }));
            acknowledged.set(agent.agentId, "running");
            if (acknowledged.size >= 100 * (round + 1)) told.resolve();
          } catch {
            return;
          }
        }
      });
      await told.promise;
      await server.process.kill();
      await Promise.all(writers);
      told = Promise.withResolvers<void>();
      await server.restart();
      await answered(() => writer.state.eventRange());
    }
    const { newest } = await writer.state.eventRange();
    const events = await writer.state.eventsAfter({ after: 0, limit: 100_000 });
    expect(events.map(({ id }) => id)).toEqual(Array.from({ length: newest }, (_, index) => index + 1));
    expect(await seen.until(newest)).toEqual(events);
    const last = new Map(
      events.filter(({ type }) => type.startsWith("agent.")).map((event) => [event.subject, event.type]),
    );
    for (const [agentId, type] of last) {
      const agent = await writer.state.getAgent(agentId);
      expect(`agent.${agent?.state}`).toBe(type);
      expect(acknowledged.get(agentId) === "running" ? agent?.state : "running").toBe("running");
    }
    for (const agentId of acknowledged.keys()) expect(last.has(agentId)).toBe(true);
  });

  it("without its data is not taken for an idle one", async () => {
    const server = await start(false);
    const store = await open();
    const seen = collectEvents(store.state);
    const { agent, ...request } = admission();
    await store.state.admit({ agent, ...request });
    await seen.until(2);
    await server.process.kill();
    await server.restart();
    const error = await answered(async () => {
      const refused = await errorOf(store.state.listTasks(["pending"]));
      if ((refused as { code: string }).code !== "emptied") throw refused;
      return refused;
    });
    expect(error).toMatchObject({
      message: expect.stringContaining("it holds nothing of this installation"),
    });
    const calls = [
      () => store.state.getAgent(agent.agentId),
      () => store.state.admit({ agent, ...request }),
      () => store.state.append([notice(agent, "x")]),
      () => store.state.transition(move(agent, { agent: "running" })),
      () => store.state.eventRange(),
      () => store.instances.list(),
      () => store.orders.answers("o-1", ["a"], 0),
      () => open(store.epoch),
    ];
    for (const call of calls) expect(await errorOf(call())).toMatchObject({ code: "emptied" });
    expect(await store.check()).toMatchObject({ ok: false });

    const fresh = await open(null);
    expect(fresh.epoch).not.toBe(store.epoch);
    expect(await fresh.state.listTasks(["pending"])).toEqual([]);
    expect(await errorOf(store.state.eventRange())).toMatchObject({
      code: "emptied",
      message: expect.stringContaining(`it belongs to another one (${fresh.epoch})`),
    });
    await fresh.state.append([notice(agent, "1"), notice(agent, "2"), notice(agent, "3")]);
    expect(seen.seen.map(({ id }) => id)).toEqual([1, 2]);
  });

  it("emptied by FLUSHALL is recognised at once", async () => {
    const server = await start(false);
    const store = await open();
    await server.run("flushall");
    expect(await errorOf(store.state.listAgents({ limit: 1 }))).toMatchObject({ code: "emptied" });
  });

  it("keeps its name over a restart, and gives it to all that start first", async () => {
    await start(true);
    const first = await Promise.all([open(), open(), open()]);
    expect(new Set(first.map(({ epoch }) => epoch)).size).toBe(1);
    expect((await open(first[0]?.epoch)).epoch).toBe(first[0]?.epoch);
  });

  it("with older data says which events are lost, and goes on to announce new ones", async () => {
    const server = await start(false);
    const store = await open();
    const seen = collectEvents(store.state);
    const { agent, ...request } = admission();
    await store.state.admit({ agent, ...request });
    await server.run("save");
    await store.state.append([notice(agent, "3"), notice(agent, "4")]);
    await seen.until(4);
    await server.process.kill();
    await server.restart();
    await answered(async () => {
      if (store.errors.length < 2) throw new Error("not noticed yet");
    });
    expect(store.errors).toMatchObject([
      { name: "StoreUnavailableError" },
      { code: "damaged", message: expect.stringContaining("has lost events 3 to 4") },
    ]);
    const [next] = await store.state.append([notice(agent, "new 3")]);
    expect(next?.id).toBe(3);
    await seen.until(3);
    await answered(async () => {
      if (seen.seen.length < 5) throw new Error("not told yet");
    });
    expect(seen.seen.map(({ id }) => id)).toEqual([1, 2, 3, 4, 3]);
  });
});
