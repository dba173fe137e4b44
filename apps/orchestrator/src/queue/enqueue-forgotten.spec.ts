import { admission, notice, sqliteEngine, useEngine } from "@mosaic/testing";
import type { Store } from "@mosaic/store";
import { expect, it } from "vitest";
import { enqueueForgotten } from "./enqueue-forgotten.ts";

const engine = useEngine<Store>(sqliteEngine((store) => store));
const AT = "2026-01-01T00:00:00.000Z";

it("a task that was admitted and never queued is queued, once; those that were queued are left alone", async () => {
  const { state, queue } = engine.port;
  const [queued, forgotten] = [admission(), admission()];
  for (const request of [queued, forgotten]) await state.admit(request);
  await queue.enqueue({ taskId: queued.task.taskId, priority: 5 });
  expect(await enqueueForgotten(engine.port)).toBe(1);
  expect(await enqueueForgotten(engine.port)).toBe(0);
  expect(await queue.counts()).toMatchObject({ pending: 2 });
});

it("what a kill took out of the queue stays out", async () => {
  const { state, queue } = engine.port;
  const killed = admission();
  const { agentId } = killed.agent;
  await state.admit(killed);
  await state.patchAgent(agentId, { killRequestedAt: AT }, AT, [notice(killed.agent, "ordered")]);
  expect(await enqueueForgotten(engine.port)).toBe(0);
  expect(await queue.counts()).toMatchObject({ pending: 0 });
});
