import type { Lease, Store } from "@mosaic/store";
import { admission, move, sqliteEngine, successorOf, useEngine } from "@mosaic/testing";
import { expect, it } from "vitest";
import { createExecutionRegistry } from "../spawner/registry.ts";
import { resumeAttempt } from "./resume-attempt.ts";

const engine = useEngine<Store>(sqliteEngine((store) => store));

/** A task at work in this process, and the claim that comes for it while it is. */
async function atWork() {
  const { state, queue } = engine.port;
  const request = admission();
  await state.admit(request);
  await state.transition(move(request.agent, { agent: "running", task: "assigned" }));
  await queue.enqueue({ taskId: request.task.taskId, priority: 5 });
  const registry = createExecutionRegistry();
  const { execution } = registry.add(request.agent.agentId, request.task.taskId);
  const adopted: Lease[] = [];
  execution.lease = {
    lease: { taskId: request.task.taskId } as Lease,
    adopt: (lease) => adopted.push(lease) > 0,
    confirm: async () => true,
    stop: () => undefined,
  };
  const claim = async (): Promise<Lease> => {
    const lease = await queue.claim({ workerId: "w", leaseMs: 1000, maxActive: 9, maxPerWorker: 9 });
    if (lease === null) throw new Error("nothing to claim");
    return lease;
  };
  return { subject: request.agent, services: { registry, state }, execution, adopted, claim };
}

it("lets the attempt go on under a claim of its own", async () => {
  const { services, execution, adopted, claim } = await atWork();
  const lease = await claim();
  expect(await resumeAttempt(services, lease)).toBe(true);
  expect(adopted).toEqual([lease]);
  expect(execution.stop.signal.aborted).toBe(false);
});

it("stops an attempt whose task was taken over and is claimed for its retry: it must not write under that claim", async () => {
  const { subject, services, execution, adopted, claim } = await atWork();
  const successor = successorOf(subject);
  await services.state.transition(move(subject, { agent: "failed", task: "pending", successor }));
  expect(await resumeAttempt(services, await claim())).toBe(false);
  expect(adopted).toEqual([]);
  expect(execution.stop.signal.aborted).toBe(true);
});

it("has nothing to do for a task that is not at work here", async () => {
  const { services, claim } = await atWork();
  const registry = createExecutionRegistry();
  expect(await resumeAttempt({ ...services, registry }, await claim())).toBe(false);
});
