import { LeaseLostError, type Lease, type Store } from "@mosaic/store";
import { sqliteEngine, useEngine } from "@mosaic/testing";
import { expect, it } from "vitest";
import { askAlong } from "./ask-along.ts";

const engine = useEngine<Store>(sqliteEngine((store) => store));

/** One place, taken by the first of two tasks; what is asked for along with its end. */
async function onePlace() {
  const { queue } = engine.port;
  for (const taskId of ["t1", "t2"]) await queue.enqueue({ taskId, priority: 5 });
  const claim = () => queue.claim({ workerId: "w", leaseMs: 30_000, maxActive: 1, maxPerWorker: 1 });
  const first = (await claim()) as Lease;
  const asked: Promise<Lease | null>[] = [];
  return { first, asked, executing: askAlong(queue, () => void asked.push(claim())) };
}

it.each([
  ["completed", "complete"],
  ["failed", "fail"],
] as const)("the next task is asked for before a %s one is answered, and gets its place", async (_, end) => {
  const { first, asked, executing } = await onePlace();
  const ended = executing[end](first);
  expect(asked).toHaveLength(1);
  await ended;
  expect(await asked[0]).toMatchObject({ taskId: "t2" });
  expect(await engine.port.queue.counts()).toMatchObject({ pending: 0, active: 1 });
});

it("an end that is refused frees no place", async () => {
  const { first, asked, executing } = await onePlace();
  await expect(executing.complete({ ...first, token: "another" })).rejects.toThrow(LeaseLostError);
  expect(await asked[0]).toBeNull();
  expect(await engine.port.queue.counts()).toMatchObject({ pending: 1, active: 1 });
});
