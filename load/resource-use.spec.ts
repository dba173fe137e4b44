import { expect, it } from "vitest";
import type { ProcessRow } from "./process-table.ts";
import { createResourceWatch } from "./resource-use.ts";

const ORCHESTRATOR = 10;
const AGENT = 20;

function row(
  pid: number,
  parent: number,
  ticks: { own?: number; children?: number; pages?: number } = {},
): ProcessRow {
  const { own = 0, children = 0, pages = 0 } = ticks;
  return { pid, parent, startedAt: pid, ownTicks: own, childTicks: children, residentPages: pages };
}

const watch = () =>
  createResourceWatch({
    orchestrators: [ORCHESTRATOR],
    servers: [90],
    isAgent: ({ pid }) => pid >= AGENT && pid < 30,
  });

it("counts from the first look on, each part by itself", () => {
  const use = watch();
  use.look([row(ORCHESTRATOR, 1, { own: 500 }), row(90, 1, { own: 100 })]);
  use.look([
    row(ORCHESTRATOR, 1, { own: 600 }),
    row(AGENT, ORCHESTRATOR, { own: 10 }),
    row(21, AGENT, { own: 200, children: 90 }),
    row(40, ORCHESTRATOR, { own: 50 }),
    row(90, 1, { own: 120 }),
  ]);
  expect(use.use()).toMatchObject({
    orchestratorSeconds: 1,
    agentSeconds: 3,
    otherSeconds: 0.5,
    serverSeconds: 0.2,
    mostAgents: 1,
  });
});

it("does not count an agent again when its orchestrator is told of its time", () => {
  const use = watch();
  use.look([row(ORCHESTRATOR, 1), row(AGENT, ORCHESTRATOR, { own: 300 })]);
  use.look([row(ORCHESTRATOR, 1, { children: 310 })]);
  expect(use.use()).toMatchObject({ agentSeconds: 3, otherSeconds: 0.1 });
});

it("still counts the others when an agent's time is told to nobody", () => {
  const use = watch();
  use.look([row(ORCHESTRATOR, 1), row(AGENT, ORCHESTRATOR, { own: 300 })]);
  use.look([row(ORCHESTRATOR, 1, { children: 40 })]);
  expect(use.use()).toMatchObject({ agentSeconds: 3, otherSeconds: 0.4 });
});

it("counts what ended between two looks, and nothing twice that moved to its parent", () => {
  const use = watch();
  use.look([row(ORCHESTRATOR, 1), row(40, ORCHESTRATOR, { own: 100 })]);
  use.look([row(ORCHESTRATOR, 1, { children: 130 }), row(41, ORCHESTRATOR, { own: 20 })]);
  use.look([row(ORCHESTRATOR, 1, { children: 160 })]);
  expect(use.use()).toMatchObject({ otherSeconds: 0.6 });
});

it("keeps the largest memory of one moment", () => {
  const use = watch();
  use.look([row(ORCHESTRATOR, 1, { pages: 1000 }), row(AGENT, ORCHESTRATOR, { pages: 10 })]);
  use.look([
    row(ORCHESTRATOR, 1, { pages: 900 }),
    row(AGENT, ORCHESTRATOR, { pages: 500 }),
    row(90, 1, { pages: 5 }),
  ]);
  expect(use.use()).toMatchObject({
    largestBytes: 1000 * 4096,
    agentBytes: 500 * 4096,
    totalBytes: 1405 * 4096,
  });
});
