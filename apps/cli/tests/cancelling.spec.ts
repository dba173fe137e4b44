import { ProblemError } from "@mosaic/contracts";
import type { AuditEntry, CancelResponse, Json, KillReceipt } from "@mosaic/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT, agentView } from "./agents.ts";
import { type CommandLine, createCommandLine } from "./command-line.ts";
import { type ScriptedOrchestrator, startScriptedOrchestrator } from "./scripted-orchestrator.ts";

const receipt = (residual: string[]): KillReceipt => ({
  agentId: AGENT,
  status: residual.length === 0 ? "killed" : "running",
  previousStatus: "running",
  killedAt: "2026-11-20T10:00:00.000Z",
  durationMs: 132,
  steps: [
    { name: "socket revoked", ok: true, atMs: 3 },
    { name: "salvaged", ok: true, atMs: 90, detail: "saved as refs/mosaic/salvage/x" },
  ],
  residual,
  push: "reached",
});

const entry = (seq: number): AuditEntry => ({
  seq,
  at: "2026-11-20T10:00:00.000Z",
  actor: "ops",
  action: "agent.kill",
  subject: AGENT,
  reason: "drill\u001b[31m",
  data: { stateBefore: "running", outcome: "killed" },
  previousHash: "0".repeat(64),
  hash: "1".repeat(64),
});

let server: ScriptedOrchestrator;
let cli: CommandLine;
let answer: CancelResponse;
let brokenAt: number | null;

beforeEach(async () => {
  answer = { agentId: AGENT, status: "failed", reason: "cancelled", message: `Agent ${AGENT} cancelled` };
  brokenAt = null;
  server = await startScriptedOrchestrator({
    handlers: {
      cancelAgent({ params }) {
        if (params.agentId !== AGENT) throw new ProblemError("illegal_transition", "it is completed already");
        return answer;
      },
      listAudit: ({ query }) => ({
        items: [entry(query.after + 1), entry(query.after + 2)].slice(0, query.limit),
        nextAfter: query.after + 2,
      }),
      verifyAudit: () =>
        brokenAt === null
          ? { ok: true, entries: 12, brokenAt: null }
          : { ok: false, entries: null, brokenAt },
    },
  });
  server.agents.set(AGENT, agentView());
  cli = createCommandLine({ MOSAIC_URL: server.url, MOSAIC_TOKEN: server.token });
});

afterEach(async () => {
  cli.dispose();
  await server.close();
});

describe("mosaic cancel <agent>", () => {
  it("cancels the one agent the prefix names, with its reason", async () => {
    const { code, stdout } = await cli.run(["cancel", "3f2a", "--reason", "enough"]);
    expect([code, stdout]).toEqual([0, `Agent ${AGENT} cancelled\n`]);
    const call = server.calls.find(({ route }) => route === "cancelAgent");
    expect(call).toMatchObject({ params: { agentId: AGENT }, body: { reason: "enough" } });
  });

  it("shows the receipt when it took force, and exits 1 when anything is left", async () => {
    answer = {
      agentId: AGENT,
      status: "killed",
      message: "it did not stop and was killed",
      receipt: receipt([]),
    };
    const clean = await cli.run(["cancel", AGENT]);
    expect(clean.code).toBe(0);
    expect(clean.stdout).toContain("nothing is left");
    answer = { ...answer, status: "running", receipt: receipt(["process 7"]) };
    const left = await cli.run(["cancel", AGENT]);
    expect(left.code).toBe(1);
    expect(left.stdout).toContain("left: process 7");
  });
});

describe("mosaic audit", () => {
  it("lists entries over as many pages as it takes, without what a terminal would obey", async () => {
    const { code, stdout } = await cli.run(["audit", "list", "--limit", "3"]);
    expect(code).toBe(0);
    expect(stdout.split("\n").filter((line) => line !== "")).toHaveLength(3);
    expect(stdout).toContain(`ops  agent.kill  ${AGENT}: drill`);
    expect(stdout).toContain("(was running, killed)");
    expect(stdout).not.toContain("\u001b");
  });

  it("verifies: exit 0 when every entry fits, 1 with the first that does not", async () => {
    expect(await cli.run(["audit", "verify"])).toMatchObject({
      code: 0,
      stdout: "12 entries, and every one fits\n",
    });
    brokenAt = 5;
    const broken = await cli.run(["audit", "verify"]);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain("entry 5 does not fit");
  });
});

it("mosaic show tells a kill's steps, what became of its push, and what is left", async () => {
  server.agents.set(AGENT, {
    ...agentView(),
    status: "killed",
    details: { receipt: receipt([]) } as unknown as Json,
  });
  const { stdout } = await cli.run(["show", AGENT]);
  expect(stdout).toContain("3 ms  socket revoked");
  expect(stdout).toContain("90 ms  salvaged: saved as refs/mosaic/salvage/x");
  expect(stdout).toContain("a push had reached the remote before the kill");
  expect(stdout).toContain("nothing is left");
  expect(stdout).not.toContain("previousStatus");
});
