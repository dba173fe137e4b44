import { IllegalTransitionError } from "@mosaic/domain";
import { collectEvents, admission, move, notice, race, useValkey } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore, type StoreInTest } from "./store-in-test.ts";

const ROUNDS = 100;

describe("several processes on one Valkey", () => {
  const valkey = useValkey();
  let stores: readonly StoreInTest[];
  beforeEach(async () => {
    stores = await Promise.all([1, 2, 3].map(() => openStore(valkey.url)));
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
  });
  const at = (index: number): StoreInTest => stores[index % stores.length] as StoreInTest;

  it("let one of fifty writers win each move of a task, with one event", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { agent, ...request } = admission();
      await at(round).state.admit({ agent, ...request });
      const { newest } = await at(round).state.eventRange();
      const change = move(agent, { agent: "running", task: "assigned" });
      const { won, lost } = await race(50, (index) => at(index).state.transition(change));
      expect([won.length, lost.length]).toEqual([1, 49]);
      expect(lost.every((error) => error instanceof IllegalTransitionError)).toBe(true);
      const events = await at(round).state.eventsAfter({ after: newest, limit: 100 });
      expect(events.map(({ type }) => type)).toEqual(["agent.running", "task.assigned"]);
      expect(won[0]?.events).toEqual(events);
    }
  });

  it("see all events in the same order, each once, whoever wrote them", async () => {
    const seen = stores.map((store) => collectEvents(store.state));
    const subjects = Array.from({ length: 30 }, () => admission());
    await race(30, (index) => at(index).state.admit(subjects[index] ?? admission()));
    await race<unknown>(150, (index) => {
      const { agent } = subjects[index % 30] ?? admission();
      if (index % 5 < 3) return at(index).state.append([notice(agent, `${index}`)]);
      return at(index).state.transition(move(agent, { agent: index % 5 === 3 ? "running" : "failed" }));
    });
    const { newest } = await at(0).state.eventRange();
    const all = await at(0).state.eventsAfter({ after: 0, limit: 10_000 });
    expect(all.map(({ id }) => id)).toEqual(Array.from({ length: newest }, (_, index) => index + 1));
    for (const { until } of seen) expect(await until(newest)).toEqual(all);
  });

  it("announce to a listener nothing that its process knew of before", async () => {
    const { agent, ...request } = admission();
    await at(0).state.admit({ agent, ...request });
    const late = collectEvents(at(0).state);
    const other = collectEvents(at(2).state);
    await at(1).state.append([notice(agent, "x")]);
    expect((await late.until(3)).map(({ id }) => id)).toEqual([3]);
    late.stop();
    await at(1).state.append([notice(agent, "y")]);
    await other.until(4);
    expect(late.seen).toHaveLength(1);
  });

  it("publish each event on the public channel, as one JSON object", async () => {
    const { redis } = at(2).link.another({ clientName: "reader", timeoutMs: 10_000 });
    await redis.connect();
    await redis.subscribe("orchestrator:events");
    const messages: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    redis.on("message", (_, message: string) => {
      if (messages.push(message) === 4) resolve();
    });
    const { agent, ...request } = admission();
    await at(0).state.admit({ agent, ...request });
    await at(1).state.transition(move(agent, { agent: "running", task: "assigned" }));
    await promise;
    redis.disconnect();
    const events = await at(0).state.eventsAfter({ after: 0, limit: 10 });
    expect(messages.map((message) => JSON.parse(message) as unknown)).toEqual(events);
  });

  it("keep the public records readable: JSON under their documented names", async () => {
    const { agent, ...request } = admission({ taskId: "T-1" });
    await at(0).state.admit({ agent, ...request });
    await at(0).state.patchAgent(
      agent.agentId,
      { details: { list: [], "x,y": { 'details":': [{}] } } },
      "2026-01-01T00:00:00.000Z",
      [],
    );
    await at(1).state.transition(
      move(agent, { agent: "running", patch: { error: 'a "quoted", \\ text\n', owner: "h" } }),
    );
    const read = async (key: string) => JSON.parse(await valkey.run("get", key)) as unknown;
    expect(await read("orchestrator:task:T-1")).toEqual(await at(0).state.getTask("T-1"));
    expect(await read(`orchestrator:agent:${agent.agentId}`)).toEqual(
      await at(0).state.getAgent(agent.agentId),
    );
    expect(await at(0).state.getAgent(agent.agentId)).toMatchObject({
      details: { list: [], "x,y": { 'details":': [{}] } },
      error: 'a "quoted", \\ text\n',
    });
  });
});
