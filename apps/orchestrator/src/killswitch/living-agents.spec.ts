import { admission, move, sqliteEngine, successorOf, useEngine, type Subject } from "@mosaic/testing";
import type { Store } from "@mosaic/store";
import { expect, it } from "vitest";
import { livingAgents, TAKEN } from "./living-agents.ts";

const engine = useEngine<Store>(sqliteEngine((store) => store));

async function admitted(index = 0): Promise<Subject> {
  const { task, agent } = admission({ at: new Date(Date.UTC(2026, 0, 1) + index).toISOString() });
  await engine.port.state.admit({ task, agent, maxPending: 1000 });
  return agent;
}

async function found(tasks?: Parameters<typeof livingAgents>[1]): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { agentId } of livingAgents(engine.port.state, tasks)) ids.push(agentId);
  return ids;
}

it("gives the attempt that has not ended, whatever its task waits for, and none that has", async () => {
  const { state } = engine.port;
  const [waits, taken, ended, retried] = [
    await admitted(1),
    await admitted(2),
    await admitted(3),
    await admitted(4),
  ];
  for (const agent of [taken, ended, retried]) await state.transition(move(agent, { task: "assigned" }));
  await state.transition(move(taken, { agent: "running", task: "executing" }));
  await state.transition(move(ended, { agent: "killed", task: "failed" }));
  const successor = successorOf(retried);
  await state.transition(move(retried, { agent: "failed", task: "pending", successor }));
  expect(await found()).toEqual([waits.agentId, taken.agentId, successor.agentId]);
  expect(await found(TAKEN)).toEqual([taken.agentId]);
});

it("reads a long queue in parts, and leaves nobody out", async () => {
  const agents = await Promise.all(Array.from({ length: 450 }, (_, index) => admitted(index)));
  expect(await found()).toEqual(agents.map(({ agentId }) => agentId));
  expect(await found(TAKEN)).toEqual([]);
});
