import { isDeepStrictEqual } from "node:util";
import { admission, errorOf, move, notice, useValkey } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CorruptRecordError } from "../store-error.ts";
import { KEYS } from "./keys.ts";
import { openStore, type StoreInTest } from "./store-in-test.ts";

const AT = "2026-01-01T00:01:00.000Z";
const AGENT = "00000000-0000-4000-8000-00000000abcd";
const SUBJECT = { agentId: AGENT, taskId: "t-1" };
const OTHER = admission({ taskId: "t-2", repository: "r-2" });

describe("Valkey, when something else has written to it", () => {
  const valkey = useValkey({ durable: false });
  let store: StoreInTest;
  beforeEach(async () => {
    store = await openStore(valkey.url);
    await store.state.admit(admission({ taskId: "t-1", agentId: AGENT }));
    await store.state.append([notice(SUBJECT, "x")]);
  });
  afterEach(() => store.close());

  const fence = { taskId: "t-1", token: "token" };
  const calls = {
    admit: () => store.state.admit(OTHER),
    repeat: () => store.state.admit(admission({ taskId: "t-1" })),
    move: () => store.state.transition(move(SUBJECT, { agent: "running", task: "assigned" })),
    patch: () => store.state.patchAgent(AGENT, { step: "x" }, AT, [notice(SUBJECT, "patched")]),
    append: () => store.state.append([notice(SUBJECT, "y"), notice(SUBJECT, "z")]),
    fenced: () => store.state.append([notice(SUBJECT, "y")], fence),
    getAgent: () => store.state.getAgent(AGENT),
    getTask: () => store.state.getTask("t-1"),
    list: () => store.state.listAgents({ limit: 10, states: ["spawning"] }),
    listAll: () => store.state.listAgents({ limit: 10 }),
    find: () => store.state.findAgents("0", 10),
    listTasks: () => store.state.listTasks(["pending"]),
    replay: () => store.state.eventsAfter({ after: 0, limit: 10 }),
    lifecycle: () => store.state.eventsAfter({ after: 0, limit: 10, lifecycleOnly: true }),
    ofAgent: () => store.state.eventsAfter({ after: 0, limit: 10, subject: AGENT }),
    range: () => store.state.eventRange(),
    instances: () => store.instances.list(),
  } as const;
  type Call = keyof typeof calls;

  /** The content of every key; of a stream its entries, since its inner counts may differ. */
  async function everything(): Promise<ReadonlyMap<string, unknown>> {
    const { redis } = store.link;
    const found = new Map<string, unknown>();
    for (const key of (await redis.keys("*")).toSorted()) {
      if ((await redis.type(key)) !== "stream") found.set(key, await redis.dumpBuffer(key));
      else if ((await redis.xlen(key)) > 0) found.set(key, await redis.xrange(key, "-", "+"));
    }
    return found;
  }

  /** The calls that do not end with an error that names the key, or that change something all the same. */
  async function notNamed(key: string, names: readonly Call[]): Promise<readonly unknown[]> {
    const before = await everything();
    const wrong: unknown[] = [];
    for (const name of names) {
      const error = await errorOf(calls[name]());
      const named = error instanceof CorruptRecordError && error.record.split(" ")[0] === key;
      if (!named || !isDeepStrictEqual(await everything(), before)) wrong.push([name, error]);
    }
    return wrong;
  }

  it.each([
    ["no JSON", '{"agentId":'],
    ["no object", "[]"],
    ["an unknown state", `{"agentId":"${AGENT}","taskId":"t-1","state":"resting"}`],
  ])("names an agent or a task that holds %s", async (_, text) => {
    const [agent, task] = [KEYS.agent + AGENT, `${KEYS.task}t-1`];
    const intact = await valkey.run("get", agent);
    await valkey.run("set", agent, text);
    expect(await notNamed(agent, ["getAgent", "list", "listAll", "move", "patch", "repeat"])).toEqual([]);
    await valkey.run("set", agent, intact);
    await valkey.run("set", task, text);
    expect(await notNamed(task, ["getTask", "list", "listTasks", "move", "repeat"])).toEqual([]);
  });

  it("names the field that is missing, of another kind, or another record's", async () => {
    const agent = JSON.parse(await valkey.run("get", KEYS.agent + AGENT)) as object;
    for (const [field, value] of Object.entries({
      attempt: "1",
      yolo: null,
      model: 5,
      owner: undefined,
      agentId: "x",
    })) {
      await valkey.run("set", KEYS.agent + AGENT, JSON.stringify({ ...agent, [field]: value }));
      expect(await errorOf(calls.getAgent())).toMatchObject({ record: KEYS.agent + AGENT, field });
    }
    const task = JSON.parse(await valkey.run("get", `${KEYS.task}t-1`)) as object;
    for (const [field, value] of Object.entries({
      gates: {},
      options: [],
      priority: 0.5,
      agentId: undefined,
    })) {
      await valkey.run("set", `${KEYS.task}t-1`, JSON.stringify({ ...task, [field]: value }));
      expect(await errorOf(calls.getTask())).toMatchObject({ record: `${KEYS.task}t-1`, field });
    }
  });

  it("reads a record that is laid out otherwise, and names it before it would damage it", async () => {
    for (const [key, read] of [
      [KEYS.agent + AGENT, calls.getAgent],
      [`${KEYS.task}t-1`, calls.getTask],
    ] as const) {
      const intact = await valkey.run("get", key);
      const record = JSON.parse(intact) as object;
      const whole = await read();
      for (const text of [
        JSON.stringify(record, null, 1),
        JSON.stringify(Object.fromEntries(Object.entries(record).toReversed())),
      ]) {
        await valkey.run("set", key, text);
        expect(await read()).toEqual(whole);
        expect(await notNamed(key, ["move"])).toEqual([]);
      }
      await valkey.run("set", key, intact);
    }
  });

  it("gives a task of before there was a choice the runtime there was", async () => {
    const text = await valkey.run("get", `${KEYS.task}t-1`);
    await valkey.run("set", `${KEYS.task}t-1`, text.replace(',"runtime":"sdk-worker"', ""));
    expect(await calls.getTask()).toMatchObject({ runtime: "sdk-worker" });
  });

  it("gives an agent the fields that its version did not have", async () => {
    const text = await valkey.run("get", KEYS.agent + AGENT);
    await valkey.run("set", KEYS.agent + AGENT, text.replace(',"owner":null', ""));
    const patch = { owner: "h", step: "s", details: { list: [] } };
    await store.state.transition(move(SUBJECT, { agent: "running", patch }));
    expect(await calls.getAgent()).toMatchObject({ ...patch, state: "running" });
  });

  it.each<[string, readonly Call[]]>([
    [KEYS.agent + AGENT, ["getAgent", "list", "move", "patch", "repeat"]],
    [`${KEYS.task}t-1`, ["getTask", "list", "listTasks", "move", "repeat"]],
    [`${KEYS.tasks}pending`, ["admit", "move", "listTasks"]],
    [`${KEYS.tasks}assigned`, ["move"]],
    [KEYS.agents, ["admit", "listAll"]],
    [KEYS.agentIds, ["admit", "find"]],
    [`${KEYS.agentsByState}spawning`, ["admit", "move", "list"]],
    [`${KEYS.agentsByState}running`, ["move"]],
    [`${KEYS.agentsByTask}t-2`, ["admit"]],
    [`${KEYS.agentsByType}worker`, ["admit"]],
    [`${KEYS.agentsByRepository}r-2`, ["admit"]],
    [KEYS.events, ["admit", "move", "patch", "append", "replay", "ofAgent", "lifecycle", "range"]],
    [KEYS.newestEvent, ["admit", "move", "patch", "append"]],
    [KEYS.lifecycle, ["admit", "move", "lifecycle"]],
    [KEYS.lifecycleOf + AGENT, ["move", "ofAgent"]],
    [KEYS.transcriptOf + AGENT, ["patch", "append", "ofAgent"]],
    [KEYS.epoch, ["admit", "move", "patch", "append", "getAgent", "replay", "range", "instances"]],
    [`${KEYS.lease}t-1`, ["fenced"]],
    [KEYS.instances, ["instances"]],
  ])("names %s when it holds another type, and leaves nothing half written", async (key, names) => {
    const { redis } = store.link;
    const isText = (await redis.type(key)) === "string";
    await redis.del(key);
    await (isText ? redis.hset(key, "field", "value") : redis.set(key, "text"));
    expect(await notNamed(key, names)).toEqual([]);
  });

  it("goes on as before once what was damaged is mended", async () => {
    const key = `${KEYS.agentsByState}running`;
    await valkey.run("set", key, "text");
    for (let count = 0; count < 3; count += 1) expect(await notNamed(key, ["move"])).toEqual([]);
    await valkey.run("del", key);
    const { events } = await calls.move();
    expect(events.map(({ id }) => id)).toEqual([4, 5]);
    expect((await calls.ofAgent()).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    expect((await calls.lifecycle()).map(({ id }) => id)).toEqual([1, 2, 4, 5]);
    expect((await calls.list()).items).toEqual([]);
  });

  it("names the number of the newest event when it is none, or one that was given before", async () => {
    for (const value of ["many", "-1", "1.5", "2"]) {
      await valkey.run("set", KEYS.newestEvent, value);
      expect(await notNamed(KEYS.newestEvent, ["move", "append"])).toEqual([]);
    }
    await valkey.run("del", KEYS.newestEvent);
    expect(await notNamed(KEYS.newestEvent, ["admit", "move", "patch", "append"])).toEqual([]);
  });

  it("names the event, or the place of one, that cannot be read, and announces the others", async () => {
    const seen: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    store.state.subscribe((events) => {
      seen.push(...events.map(({ id }) => id));
      if (seen.includes(6)) resolve();
    });
    await valkey.run("set", KEYS.newestEvent, "5");
    await valkey.run("xadd", KEYS.events, "4-0", "event", "{");
    await valkey.run("xadd", KEYS.events, "5-0", "other", "{}");
    await store.state.append([notice(SUBJECT, "6")]);
    await promise;
    expect(seen).toEqual([6]);
    const damaged = { name: "CorruptRecordError" };
    expect(store.errors).toMatchObject([
      { ...damaged, record: `${KEYS.events} 4-0` },
      { ...damaged, record: `${KEYS.events} 5-0` },
    ]);
    expect(await notNamed(KEYS.events, ["replay"])).toEqual([]);
    expect(await store.state.eventsAfter({ after: 5, limit: 10 })).toHaveLength(1);
    await valkey.run("rpush", KEYS.transcriptOf + AGENT, "7");
    expect(await notNamed(KEYS.transcriptOf + AGENT, ["ofAgent"])).toEqual([]);
    await valkey.run("xadd", KEYS.lifecycle, "7-0", "other", "x");
    expect(await notNamed(KEYS.lifecycle, ["lifecycle"])).toEqual([]);
  });

  it("names an event that is missing between others", async () => {
    await valkey.run("xdel", KEYS.events, "2-0");
    expect(await notNamed(KEYS.events, ["ofAgent", "lifecycle"])).toEqual([]);
  });

  it("names an index that tells of what there is not", async () => {
    await valkey.run("zadd", KEYS.agents, "0", "2026|no-such-agent");
    expect(await notNamed(`${KEYS.agent}no-such-agent`, ["listAll"])).toEqual([]);
    await valkey.run("zadd", KEYS.agents, "0", "3");
    expect(await notNamed(KEYS.agents, ["listAll"])).toEqual([]);
    await valkey.run("zadd", `${KEYS.tasks}pending`, "0", "2026|no-such-task");
    expect(await notNamed(`${KEYS.task}no-such-task`, ["listTasks"])).toEqual([]);
  });

  it("prunes what it can, and names what it cannot", async () => {
    await valkey.run("set", KEYS.lifecycleOf + AGENT, "text");
    expect(await errorOf(store.state.pruneEvents(0))).toMatchObject({ record: KEYS.lifecycleOf + AGENT });
    expect(await calls.range()).toEqual({ oldest: 0, newest: 0 });
    expect(await valkey.run("exists", KEYS.transcriptOf + AGENT)).toBe("0");
  });

  it("names an instance that it cannot read", async () => {
    await valkey.run("sadd", KEYS.instances, "a");
    await valkey.run("hset", `${KEYS.instance}a`, "beat", "{}", "heartbeatAt", "1", "ttlMs", "1");
    expect(await notNamed(`${KEYS.instance}a`, ["instances"])).toEqual([]);
    await valkey.run("hdel", `${KEYS.instance}a`, "beat");
    expect(await notNamed(`${KEYS.instance}a`, ["instances"])).toEqual([]);
    await valkey.run("set", `${KEYS.instance}a`, "x");
    expect(await notNamed(`${KEYS.instance}a`, ["instances"])).toEqual([]);
  });
});
