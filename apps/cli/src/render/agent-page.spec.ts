import type { AgentView, QualityCheckResponse } from "@mosaic/contracts";
import { describe, expect, it } from "vitest";
import { noPaint } from "../terminal/paint.ts";
import { agentPage, readStory } from "./agent-page.ts";

type QualityDetails = NonNullable<QualityCheckResponse["details"]>;

const COMMIT = "1a2b3c4d".repeat(5);
const AT = "2026-11-20T10:00:00.000Z";
const STYLE = { paint: noPaint, nowMs: Date.parse("2026-11-20T10:02:00.000Z") };

const agent = (changes: Partial<AgentView>): AgentView => ({
  agentId: "3f2a0c1e-0000-4000-8000-000000000001",
  taskId: "t",
  status: "failed",
  spawnedAt: AT,
  startedAt: AT,
  agentType: "worker",
  gateProfile: "standard",
  repository: "/srv/app",
  baseBranch: "main",
  workItems: ["Fix it"],
  priority: 5,
  attempt: 1,
  runtime: "sdk-worker",
  model: "m",
  yolo: false,
  usage: {
    inputTokens: 0,
    outputTokens: 0,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    cacheReadTokens: 0,
    requests: 0,
    costUsd: 0,
  },
  ...changes,
});

const page = (changes: Partial<AgentView>, events: Parameters<typeof readStory>[0] = []): string[] =>
  agentPage(agent(changes), readStory(events), STYLE);

function rejected(
  verdict: Partial<Omit<QualityDetails["verdicts"][number], "metrics">>,
): AgentView["details"] {
  const base = { commit: COMMIT, command: "npm test", exitCode: 1, durationMs: 9, message: "1 failed" };
  return {
    commit: COMMIT,
    phase: "pre-commit",
    profile: "standard",
    yolo: false,
    startedAt: AT,
    durationMs: 12,
    toolchain: {},
    verdicts: [
      { ...base, gate: "lint", outcome: "passed", output: "fine" },
      { ...base, gate: "tests", outcome: "failed", output: "", ...verdict },
    ],
  };
}

describe("agentPage", () => {
  it("shows the gates that rejected, their commands, and the end of their output", () => {
    const output = Array.from({ length: 50 }, (_, i) => `line ${i + 1}\u001B[2J`).join("\n");
    const lines = page({ details: rejected({ output }) });
    const from = lines.indexOf("Rejected by");
    expect(lines.slice(from + 1, from + 5)).toEqual([
      "  ✗ tests failed: npm test, exit code 1",
      "    1 failed",
      "    | … 20 lines before",
      "    | line 21",
    ]);
    expect(lines).toContain("    | line 50");
    expect(lines.join("\n")).not.toContain("lint");
    expect(lines.join("\n")).not.toContain("\u001B");
  });

  it("says that a gate has no command", () => {
    const details = rejected({ outcome: "missing", command: null, exitCode: null, message: "no command" });
    expect(page({ details })).toContain("  ✗ tests missing");
  });

  it("shows other details as they are", () => {
    expect(page({ details: { files: ["a\u0007.ts"] } }).join("\n")).toContain('  "files": [\n      "a.ts"');
  });

  it("shows how long a running agent has been at it, and a kill that is not proven yet", () => {
    const lines = page({ status: "running", step: "gates", killRequestedAt: AT });
    expect(lines).toContain("took        2 m 00 s");
    expect(lines).toContain("step        kill requested");
  });

  it("shows what a kill left", () => {
    const data = { by: "admin", why: "drill", residual: ["process 7"] };
    const lines = page({ status: "killed" }, [{ type: "agent.killed", time: AT, data }]);
    expect(lines).toContain("  left: process 7");
  });
});

describe("overlaps on the page", () => {
  const overlap = (other: string, files: string[], conflicts: boolean) => ({
    type: "agent.overlap",
    time: AT,
    data: { other, files, conflicts },
  });

  it("name the other agent, the files, and whether both would merge, as it was last", () => {
    const lines = page({ status: "running" }, [
      overlap("b", ["a.ts"], false),
      overlap("b", ["a.ts", "c.ts"], true),
      overlap("d", ["x\u001B[2J.ts"], false),
    ]);
    const from = lines.indexOf("Overlaps");
    expect(lines.slice(from + 1, from + 6)).toEqual([
      "  CONFLICTS with agent b:",
      "    a.ts",
      "    c.ts",
      "  merges so far with agent d:",
      "    x.ts",
    ]);
  });

  it("are left out when there are none", () => {
    expect(page({})).not.toContain("Overlaps");
  });
});

describe("readStory", () => {
  const started = (phase: string) => ({
    type: "gates.started",
    time: AT,
    data: { phase, commit: COMMIT, gates: [] },
  });
  const verdict = (phase: string, gate: string) => ({
    type: "gates.verdict",
    time: AT,
    data: { phase, gate, outcome: "passed", commit: COMMIT, durationMs: 1, message: "" },
  });
  const gatesOf = (events: Parameters<typeof readStory>[0]): string[] =>
    readStory(events).verdicts.map(({ gate }) => gate);

  it("keeps the verdicts of both phases of the newest work only", () => {
    const first = [
      started("pre-commit"),
      verdict("pre-commit", "lint"),
      started("post-commit"),
      verdict("post-commit", "build"),
    ];
    expect(gatesOf(first)).toEqual(["lint", "build"]);
    expect(gatesOf([...first, started("pre-commit"), verdict("pre-commit", "tests")])).toEqual(["tests"]);
    expect(gatesOf([...first, started("post-commit"), verdict("post-commit", "coverage")])).toEqual([
      "lint",
      "coverage",
    ]);
  });

  it("leaves out what does not fit the contract", () => {
    expect(gatesOf([{ type: "gates.verdict", time: AT, data: { gate: "moon" } }])).toEqual([]);
  });
});
