import { admission, errorOf, move, notice, sqliteEngine, useEngine } from "@mosaic/testing";
import { LeaseLostError, type StateStore, type Store, StoreUnavailableError } from "@mosaic/store";
import { expect, it } from "vitest";
import { attemptState } from "./attempt-state.ts";

const engine = useEngine<Store>(sqliteEngine((store) => store));
const PATIENT = 60_000;

/** An admitted task, claimed; and its state as the attempt sees it through `between`. */
async function claimed(between: (state: StateStore) => StateStore, patienceMs: number | null = PATIENT) {
  const { state, queue } = engine.port;
  const request = admission();
  await state.admit(request);
  await queue.enqueue({ taskId: request.task.taskId, priority: 5 });
  const lease = await queue.claim({ workerId: "w", leaseMs: 60_000, maxActive: 9, maxPerWorker: 9 });
  if (lease === null) throw new Error("nothing to claim");
  const options = { lease: () => lease, patienceMs, given: () => false };
  return { subject: request.agent, lease, own: attemptState(between(state), options) };
}

/** A store that cannot be reached for the first calls; with `written`, what they ask for is done all the same. */
function away(calls: number, written: boolean) {
  return (state: StateStore): StateStore => {
    let left = calls;
    const fail = async <T>(call: () => Promise<T>): Promise<T> => {
      if (left === 0) return await call();
      left -= 1;
      if (written) await call();
      throw new StoreUnavailableError(written ? "crashed" : "unreachable", "the connection was lost");
    };
    return {
      ...state,
      append: (...args) => fail(() => state.append(...args)),
      transition: (...args) => fail(() => state.transition(...args)),
      patchAgent: (...args) => fail(() => state.patchAgent(...args)),
    };
  };
}

it("waits for a store that is away for a moment, and writes once it is back", async () => {
  const { subject, own } = await claimed(away(2, false));
  const applied = await own.transition(move(subject, { task: "assigned" }));
  expect(applied.task).toMatchObject({ state: "assigned" });
});

it("knows a move of its own again that was written though nobody heard of it", async () => {
  const { subject, own } = await claimed(away(1, true));
  const { task, events } = await own.transition(move(subject, { task: "assigned" }));
  expect(task).toMatchObject({ state: "assigned" });
  expect(events).toEqual([]);
  const told = await engine.port.state.eventsAfter({ after: 0, limit: 10, types: ["task.assigned"] });
  expect(told).toHaveLength(1);
});

it("does not take another's move for its own", async () => {
  const { subject, own } = await claimed(away(1, false));
  await engine.port.state.transition(move(subject, { task: "assigned" }));
  expect(await errorOf(own.transition(move(subject, { task: "assigned" })))).toMatchObject({
    name: "IllegalTransitionError",
  });
});

it("does not wait where the store is on this machine", async () => {
  const { subject, own } = await claimed(away(1, false), null);
  expect(await errorOf(own.append([notice(subject, "x")]))).toBeInstanceOf(StoreUnavailableError);
});

it("is refused at once when the task is another's", async () => {
  const { subject, own } = await claimed((state) => state);
  await engine.port.queue.release("w");
  expect(await errorOf(own.append([notice(subject, "x")]))).toBeInstanceOf(LeaseLostError);
});

it("goes on under a newer claim of this very process that came while a write was on its way", async () => {
  const { state, queue } = engine.port;
  const request = admission();
  await state.admit(request);
  const { taskId } = request.task;
  await queue.enqueue({ taskId, priority: 5 });
  const claim = () => queue.claim({ workerId: "w", leaseMs: 1000, maxActive: 9, maxPerWorker: 9 });
  let lease = await claim();
  const own = attemptState(state, {
    lease: () => lease ?? { taskId, token: "none" },
    patienceMs: null,
    given: () => false,
  });
  engine.clock.advance(1000);
  const adopted = claim().then((newer) => (lease = newer));
  await own.append([notice(request.agent, "on its way")]);
  await adopted;
  expect((await state.eventRange()).newest).toBe(3);
});
