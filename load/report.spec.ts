import { expect, it } from "vitest";
import { countClients } from "./connections.ts";
import { judge } from "./limits.ts";
import { findProblems } from "./outcome.ts";
import { replaceReport, tableOf } from "./report.ts";
import { spreadOf } from "./spread.ts";

const USE = {
  orchestratorSeconds: 1,
  busiestSeconds: 1,
  agentSeconds: 20,
  otherSeconds: 2,
  serverSeconds: 1,
  orchestratorBytes: 2e8,
  largestBytes: 2e8,
  agentBytes: 1e9,
  totalBytes: 1.5e9,
  mostAgents: 10,
};
const GOOD = {
  name: "embedded-1x10",
  agents: 10,
  orchestrators: 1,
  seconds: 30,
  cores: 2,
  use: USE,
  firstRequest: { p50: 1000, p95: 2000, max: 3000 },
  done: 10,
  problems: [],
};
const missed = (changes: Partial<Parameters<typeof judge>[0]>): readonly string[] =>
  judge({ ...GOOD, ...changes })
    .filter(({ met }) => !met)
    .map(({ what }) => what);

it("takes the value that a share of the samples does not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(spreadOf(hundred)).toEqual({ p50: 50, p95: 95, max: 100 });
  expect(spreadOf([7])).toEqual({ p50: 7, p95: 7, max: 7 });
  expect(spreadOf([]).max).toBeNaN();
});

it("finds each limit that is missed, and takes what could not be measured for missed", () => {
  expect(missed({})).toEqual([]);
  expect(missed({ done: 9 })).toEqual(["every task done exactly once"]);
  expect(missed({ problems: ["t was done 2 times"] })).toEqual(["every task done exactly once"]);
  expect(missed({ firstRequest: spreadOf([]) })).toEqual(["slowest spawn to first model request"]);
  expect(missed({ seconds: 12 })).toEqual(["processor, everything, of all cores"]);
  expect(missed({ use: { ...USE, totalBytes: 4.1e9 } })).toEqual(["memory, everything, at the most"]);
  expect(missed({ use: { ...USE, agentSeconds: 0 } })).toContain(
    "processor of the orchestrators, of the agents' own",
  );
  expect(missed({ agents: 50, done: 50, seconds: 1 })).toEqual([]);
});

it("finds a task that was not done, or not once, and a branch that nobody pushed", () => {
  const done = { taskId: "a", status: "completed" as const, branch: "mosaic/a", pushedCommit: "1" };
  const branches = new Map([["mosaic/a", "1"]]);
  expect(findProblems(["a"], [done], branches)).toEqual([]);
  expect(findProblems(["a", "b"], [done], branches)).toEqual([
    "b took 0 attempts",
    expect.stringContaining("b was done 0 times"),
  ]);
  expect(findProblems(["a"], [done, done], branches)).toHaveLength(2);
  expect(findProblems(["a"], [{ ...done, pushedCommit: "2" }], branches)).toHaveLength(1);
  expect(findProblems(["a"], [done], new Map([...branches, ["mosaic/x", "3"]]))).toEqual([
    "mosaic/x was pushed by nobody who says so",
  ]);
});

it("counts the connections of others only", () => {
  const list =
    "id=3 addr=1 name=mosaic cmd=fcall\nid=4 addr=2 name= cmd=client|list\nid=5 name=x cmd=xread\n";
  expect(countClients(list)).toBe(2);
});

it("replaces the last report, and nothing else of the page", () => {
  const [begin, end] = ["<!-- Written by `npm run load`: begin -->", "<!-- end -->"];
  const page = `# Title\n\n${begin}\n\nold\n\n${end}\n\nafter\n`;
  const table = tableOf(["a", "b"], [["wide", "1"]]);
  expect(replaceReport(page, table)).toBe(
    `# Title\n\n${begin}\n\n| a    | b   |\n| ---- | --- |\n| wide | 1   |\n\n${end}\n\nafter\n`,
  );
  expect(() => replaceReport("# Title\n", table)).toThrow(/must have the lines/);
});
