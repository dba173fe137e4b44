import type { KillReceipt } from "@mosaic/contracts";
import { ProblemError } from "@mosaic/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT, agentView, NEXT_AGENT } from "./agents.ts";
import { type CommandLine, createCommandLine } from "./command-line.ts";
import { type ScriptedOrchestrator, startScriptedOrchestrator } from "./scripted-orchestrator.ts";

const receipt = (changes: Partial<KillReceipt> = {}): KillReceipt => ({
  agentId: AGENT,
  status: "killed",
  previousStatus: "running",
  killedAt: "2026-11-20T10:00:00.000Z",
  durationMs: 132,
  steps: [{ name: "sandbox", ok: true, atMs: 12 }],
  residual: [],
  ...changes,
});

let server: ScriptedOrchestrator;
let cli: CommandLine;
let answer: KillReceipt;
let errors: { agentId: string; error: string }[];

beforeEach(async () => {
  answer = receipt();
  errors = [];
  server = await startScriptedOrchestrator({
    handlers: {
      listAgents: () => ({ items: [agentView()], nextCursor: null }),
      killAgent({ params }) {
        if (params.agentId !== AGENT) throw new ProblemError("illegal_transition", "it is completed already");
        return { ...answer, message: "killed" };
      },
      killAll: () => ({
        message: `Kill all completed: 1 killed, ${errors.length} failed`,
        total: 1 + errors.length,
        killed: 1,
        failed: errors.length,
        errors,
        receipts: [answer],
        silent: [],
      }),
    },
  });
  server.agents.set(AGENT, agentView());
  cli = createCommandLine({ MOSAIC_URL: server.url, MOSAIC_TOKEN: server.token });
});

afterEach(async () => {
  cli.dispose();
  await server.close();
});

const kills = (): unknown[] => server.calls.filter(({ route }) => route.startsWith("kill"));

describe("mosaic kill <agent>", () => {
  it("kills the one agent the prefix names, and shows the receipt", async () => {
    const { code, stdout } = await cli.run(["kill", "3f2a", "--reason", "drill"]);
    expect([code, stdout]).toEqual([0, `killed ${AGENT} in 132 ms; nothing is left\n`]);
    expect(kills()).toMatchObject([{ params: { agentId: AGENT }, body: { reason: "drill" } }]);
  });

  it("needs no second request for a whole id, and sends no body without a reason", async () => {
    const { stdout } = await cli.run(["kill", AGENT, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ agentId: AGENT, residual: [], message: "killed" });
    expect(server.calls).toHaveLength(1);
    expect(server.calls[0]?.body).toBeUndefined();
  });

  it("exits 1 and names what is left", async () => {
    answer = receipt({
      status: "running",
      steps: [{ name: "worktree", ok: false, atMs: 3, detail: "busy" }],
      residual: ["process 4711\u001B[2J"],
    });
    const { code, stdout } = await cli.run(["kill", "3f2a"]);
    expect(code).toBe(1);
    expect(stdout).toContain("  left: process 4711\n");
    expect(stdout).toContain("worktree did not succeed: busy");
  });

  it("exits 1 for an agent that has ended", async () => {
    const { code, stderr } = await cli.run(["kill", NEXT_AGENT]);
    expect(code).toBe(1);
    expect(stderr).toContain("it is completed already");
  });
});

describe("mosaic kill --all", () => {
  it("needs --yes where there is nobody to ask, and kills nothing without it", async () => {
    const { code, stderr } = await cli.run(["kill", "--all"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--yes");
    expect(server.calls).toEqual([]);
  });

  it("kills with --yes and without asking", async () => {
    const { code, stdout } = await cli.run(["kill", "--all", "--yes"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Kill all completed: 1 killed, 0 failed");
    expect(server.calls.map(({ route }) => route)).toEqual(["killAll"]);
  });

  it("exits 1 when one survived", async () => {
    errors = [{ agentId: NEXT_AGENT, error: "the sandbox did not answer" }];
    const { code, stdout } = await cli.run(["kill", "--all", "--yes"]);
    expect(code).toBe(1);
    expect(stdout).toContain(`failed ${NEXT_AGENT}: the sandbox did not answer`);
  });

  it("asks on a terminal, with the number of agents, and kills when the words are typed", async () => {
    const { child, exited, printed } = cli.startOnTerminal(["kill", "--all"]);
    await printed('This kills 1 agent at once. Type "kill all" to go on:');
    child.stdin.write("kill all\n");
    const { code, stdout } = await exited;
    expect(code).toBe(0);
    expect(stdout).toContain("Kill all completed");
  });

  it.each([
    ["anything else", "yes\n"],
    ["the end of the input", "\u0004"],
  ])("is cancelled (exit 3) by %s", async (_name, typed) => {
    const { child, exited, printed } = cli.startOnTerminal(["kill", "--all"]);
    await printed("to go on:");
    child.stdin.write(typed);
    const { code, stdout } = await exited;
    expect(code).toBe(3);
    expect(stdout).toContain("nothing was killed");
    expect(kills()).toEqual([]);
  });

  it("is interrupted (exit 130) by Ctrl-C at the question", async () => {
    const { child, exited, printed } = cli.startOnTerminal(["kill", "--all"]);
    await printed("to go on:");
    child.stdin.write("\u0003");
    expect((await exited).code).toBe(130);
    expect(kills()).toEqual([]);
  });
});

describe("a terminal", () => {
  it("gets colours and a table that fits it", async () => {
    server.agents.set(AGENT, agentView());
    const { exited } = cli.startOnTerminal(["ls"], { TERM: "xterm" });
    const { code, stdout } = await exited;
    expect(code).toBe(0);
    expect(stdout).toContain("\u001B[1m3f2a0c1e\u001B[22m");
  });

  it("gets no colours with NO_COLOR or TERM=dumb", async () => {
    for (const env of [{ NO_COLOR: "1", TERM: "xterm" }, { TERM: "dumb" }]) {
      expect((await cli.startOnTerminal(["ls"], env).exited).stdout).not.toContain("\u001B");
    }
  });
});
