import type { StoredEvent } from "@mosaic/contracts";
import { admission, move, notice, useValkey, stateEvent, successorOf } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EventFilter } from "../state-store.ts";
import { KEYS } from "./keys.ts";
import { openStore, type StoreInTest } from "./store-in-test.ts";

const AT = "2026-01-01T00:00:00.000Z";

describe("events in Valkey", () => {
  const valkey = useValkey({ durable: false });
  let store: StoreInTest;
  beforeEach(async () => {
    store = await openStore(valkey.url);
  });
  afterEach(() => store.close());

  /** More events than one step of the server reads, of several agents, in pieces of different size. */
  async function write(agents: number, pieces: number): Promise<void> {
    const admissions = Array.from({ length: agents }, () => admission());
    for (const request of admissions) await store.state.admit(request);
    const writes = Array.from({ length: pieces }, (_, piece) => {
      const { agent } = admissions[piece % agents] ?? admission();
      const events = Array.from({ length: 1 + (piece % 4) }, (__, index) =>
        notice(agent, `${piece}.${index}`),
      );
      if (piece % 5 !== 0) return store.state.append(events);
      const other = admissions[(piece + 1) % agents]?.agent ?? agent;
      const stalled = { type: "agent.stalled", time: AT, data: { limit: "loop", detail: "" } } as const;
      return store.state.append([
        { ...stalled, subject: agent.agentId },
        ...events,
        { ...stalled, subject: other.agentId },
      ]);
    });
    await Promise.all(writes);
  }

  function passes({ after, subject, lifecycleOnly, types }: EventFilter, event: StoredEvent): boolean {
    if (event.id <= after || (subject !== undefined && event.subject !== subject)) return false;
    if (lifecycleOnly === true && event.type.startsWith("transcript.")) return false;
    return types === undefined || types.includes(event.type);
  }

  it("are found by every filter as if all of them were looked at, before and after a pruning", async () => {
    await write(3, 1500);
    const { newest } = await store.state.eventRange();
    const all = await store.state.eventsAfter({ after: 0, limit: 100_000 });
    expect(all.map(({ id }) => id)).toEqual(Array.from({ length: newest }, (_, index) => index + 1));
    const subject = all[0]?.subject ?? "";
    const types = ["transcript.notice", "agent.stalled", "task.pending"] as const;
    const choices = [
      {},
      { subject },
      { subject: "nobody" },
      { lifecycleOnly: true },
      { lifecycleOnly: true, subject },
      { types: [types[1]] },
      { types },
      { types, subject },
      { types: [types[0]], subject },
      { types: [types[0]], lifecycleOnly: true },
      { types: [types[2]], subject },
    ];
    for (const oldest of [1, 1234, newest - 3]) {
      await store.state.pruneEvents(newest - oldest + 1);
      for (const choice of choices) {
        for (const [after, limit] of [
          [0, 5],
          [0, 100_000],
          [oldest + 1, 1100],
          [newest - 2, 2],
          [newest, 10],
        ] as const) {
          const filter = { ...choice, after, limit };
          const expected = all.filter((event) => event.id >= oldest && passes(filter, event)).slice(0, limit);
          expect([filter, await store.state.eventsAfter(filter)]).toEqual([filter, expected]);
        }
      }
    }
  });

  it("leave nothing behind when all of them are pruned, however many agents there were", async () => {
    await write(40, 600);
    const { newest } = await store.state.eventRange();
    expect(await store.state.pruneEvents(0)).toBe(newest);
    expect(await store.link.redis.keys(`${KEYS.lifecycle}*`)).toEqual([KEYS.lifecycle]);
    expect(await store.link.redis.keys(`${KEYS.transcriptOf}*`)).toEqual([]);
    expect(await valkey.run("xlen", KEYS.lifecycle)).toBe("0");
    expect(await store.state.eventsAfter({ after: 0, limit: 10 })).toEqual([]);
  });

  it("are pruned by two at once as by one", async () => {
    await write(2, 1500);
    const { newest } = await store.state.eventRange();
    const other = await openStore(valkey.url, { epoch: store.epoch });
    const [one, two] = await Promise.all([store.state.pruneEvents(10), other.state.pruneEvents(10)]);
    expect(one + two).toBe(newest - 10);
    await other.close();
  });

  it("of one step that concern several agents are found with each of them", async () => {
    const { agent, ...request } = admission();
    await store.state.admit({ agent, ...request });
    await store.state.transition(move(agent, { task: "assigned" }));
    const successor = successorOf(agent);
    const change = move(agent, { agent: "failed", task: "pending", successor });
    const events = [
      stateEvent("agent.spawning", successor, change.at),
      notice(agent, "between"),
      ...change.events,
    ];
    await store.state.transition({ ...change, events });
    const typesOf = async (subject: string) =>
      (await store.state.eventsAfter({ after: 3, limit: 10, subject })).map(({ id, type }) => [id, type]);
    expect(await typesOf(agent.agentId)).toEqual([
      [5, "transcript.notice"],
      [6, "agent.failed"],
      [7, "task.pending"],
    ]);
    expect(await typesOf(successor.agentId)).toEqual([[4, "agent.spawning"]]);
  });

  it("of whom has any subject are kept apart", async () => {
    const paused = { type: "queue.paused", time: AT, data: { by: "x" } } as const;
    const subjects = ["queue", 'a "quoted" one', "with:colons", "*", ""];
    for (const subject of subjects) await store.state.append([{ ...paused, subject }]);
    for (const [index, subject] of subjects.entries()) {
      const found = await store.state.eventsAfter({ after: 0, limit: 10, subject });
      expect(found.map(({ id }) => id)).toEqual([index + 1]);
    }
    expect(await store.state.pruneEvents(0)).toBe(subjects.length);
    expect(await store.link.redis.keys(`${KEYS.lifecycle}*`)).toEqual([KEYS.lifecycle]);
  });

  it("with half a character in their text, or in a record, are kept with a sign for it", async () => {
    const { agent, ...request } = admission();
    await store.state.admit({ agent, ...request });
    const half = "\ud83d";
    await store.state.append([notice(agent, `a${half}`)]);
    await store.state.patchAgent(agent.agentId, { error: `b${half}`, details: { [half]: [half] } }, AT, []);
    await store.state.transition(move(agent, { agent: "running" }));
    expect(await store.state.eventsAfter({ after: 2, limit: 1 })).toMatchObject([
      { data: { text: "a\ufffd" } },
    ]);
    expect(await store.state.getAgent(agent.agentId)).toMatchObject({
      error: "b\ufffd",
      details: { "\ufffd": ["\ufffd"] },
      state: "running",
    });
  });
});
