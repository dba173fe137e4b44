import { admission, move, notice, sqliteEngine, useEngine } from "@mosaic/testing";
import type { Admission, Store } from "@mosaic/store";
import { expect, it } from "vitest";
import { createForgottenSearch, enqueueForgotten } from "./enqueue-forgotten.ts";

const engine = useEngine<Store>(sqliteEngine((store) => store));
const AT = Date.parse("2026-01-01T00:00:00.000Z");
const SECOND = 1000;
const timeAt = (ms: number): string => new Date(AT + ms).toISOString();

/** A search of its own, with a clock that says how long after `AT` it is. */
function searchAt() {
  let ms = 0;
  const search = createForgottenSearch({ ...engine.port, now: () => new Date(AT + ms) });
  return (at: number): Promise<number> => {
    ms = at;
    return search();
  };
}

async function admitted(ms: number): Promise<Admission> {
  const request = admission({ at: timeAt(ms), maxPending: 2000 });
  await engine.port.state.admit(request);
  return request;
}

it("a task that was admitted and never queued is queued, once; those that were queued are left alone", async () => {
  const { queue } = engine.port;
  const queued = await admitted(0);
  await admitted(0);
  await queue.enqueue({ taskId: queued.task.taskId, priority: 5 });
  const look = searchAt();
  expect(await look(60 * SECOND)).toBe(1);
  expect(await look(90 * SECOND)).toBe(0);
  expect(await queue.counts()).toMatchObject({ pending: 2 });
});

it("a task that is being admitted is left to whoever admits it, and is found when that did not come to its end", async () => {
  await admitted(0);
  const look = searchAt();
  expect(await look(9 * SECOND)).toBe(0);
  await admitted(9 * SECOND);
  expect(await look(10 * SECOND)).toBe(1);
  expect(await look(19 * SECOND)).toBe(1);
});

it("what was looked at is not read again, until all are, for a host whose clock is behind", async () => {
  const read: (string | undefined)[] = [];
  const { state } = engine.port;
  const counting = { ...engine.port, now: () => new Date(AT + at) };
  counting.state = {
    ...state,
    listTasks(states, slice) {
      read.push(slice?.after?.createdAt);
      return state.listTasks(states, slice);
    },
  };
  let at = 60 * SECOND;
  const search = createForgottenSearch(counting);
  await admitted(40 * SECOND);
  expect(await search()).toBe(1);
  await admitted(30 * SECOND);
  expect(await search()).toBe(0);
  at += 600 * SECOND;
  expect(await search()).toBe(1);
  expect(read).toEqual([undefined, timeAt(40 * SECOND), undefined]);
});

it("a look that failed is repeated from where it began", async () => {
  const { queue } = engine.port;
  await admitted(0);
  let fails = true;
  const away = {
    ...queue,
    missing: (ids: readonly string[]) => (fails ? Promise.reject(new Error("away")) : queue.missing(ids)),
  };
  const search = createForgottenSearch({
    ...engine.port,
    queue: away,
    now: () => new Date(AT + 60 * SECOND),
  });
  await expect(search()).rejects.toThrow("away");
  fails = false;
  expect(await search()).toBe(1);
});

it("a long queue is read page by page, and only what is not in it is queued", async () => {
  const { queue } = engine.port;
  const all = await Promise.all(Array.from({ length: 1100 }, (_, index) => admitted(index)));
  await Promise.all(
    all.flatMap(({ task: { taskId } }, index) =>
      index % 100 === 0 ? [] : [queue.enqueue({ taskId, priority: 5 })],
    ),
  );
  expect(await searchAt()(60 * SECOND)).toBe(11);
  expect(await queue.counts()).toMatchObject({ pending: 1100 });
});

it("what a kill took out of the queue stays out", async () => {
  const { state, queue } = engine.port;
  const { agent } = await admitted(0);
  await state.patchAgent(agent.agentId, { killRequestedAt: timeAt(0) }, timeAt(0), [
    notice(agent, "ordered"),
  ]);
  expect(await searchAt()(60 * SECOND)).toBe(0);
  expect(await queue.counts()).toMatchObject({ pending: 0 });
});

it("a start looks at tasks that were taken, too, and at those of this moment", async () => {
  const { agent } = await admitted(0);
  await engine.port.state.transition(move(agent, { task: "assigned" }));
  await admitted(0);
  expect(await enqueueForgotten(engine.port, { states: ["pending", "assigned"] })).toMatchObject({
    enqueued: 2,
  });
});
