import { ProblemError } from "@mosaic/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT, agentView, COMMIT, event, NEXT_AGENT } from "./agents.ts";
import { type CommandLine, createCommandLine } from "./command-line.ts";
import { type ScriptedOrchestrator, startScriptedOrchestrator } from "./scripted-orchestrator.ts";

const PATCH = [
  "diff --git a/a.ts b/a.ts",
  "--- a/a.ts",
  "+++ b/a.ts",
  "@@ -1 +1 @@",
  "-old\u001B[31m",
  "+new\u0007",
  "",
].join("\n");

let server: ScriptedOrchestrator;
let cli: CommandLine;

beforeEach(async () => {
  server = await startScriptedOrchestrator({
    warnings: ["the model is scripted (replay:tour)\u001B[2J"],
    handlers: {
      listAgents: ({ query }) => {
        const items = [...server.agents.values()];
        return query.cursor === undefined
          ? { items: items.slice(0, query.limit), nextCursor: items.length > query.limit ? "next" : null }
          : { items: items.slice(query.limit), nextCursor: null };
      },
      getAgentDiff: ({ params }) => {
        if (params.agentId !== AGENT) throw new ProblemError("no_diff", "the agent has no snapshot yet");
        const files = [{ path: "a.ts", additions: 1, deletions: 1 }];
        return { agentId: AGENT, baseCommit: COMMIT, commit: COMMIT, files, patch: PATCH, truncated: true };
      },
      queueStats: () => ({
        pending: 3,
        delayed: 1,
        active: 2,
        completed: 10,
        failed: 4,
        paused: true,
        maxConcurrentAgents: 2,
        queueConcurrency: 1,
        maxPending: 1000,
      }),
      pauseQueue: () => ({ paused: true, changed: true }),
      resumeQueue: () => ({ paused: false, changed: false }),
    },
  });
  server.agents.set(AGENT, agentView());
  cli = createCommandLine({ MOSAIC_URL: server.url, MOSAIC_TOKEN: server.token });
});

afterEach(async () => {
  cli.dispose();
  await server.close();
});

describe("mosaic ls", () => {
  it("prints a table on stdout and the server's warnings on stderr, without colour or control characters", async () => {
    const { code, stdout, stderr } = await cli.run(["ls"]);
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toMatch(/^AGENT +STATUS +STEP +TYPE +AGE +COST +TASK +WORK$/);
    expect(stdout).toMatch(/^3f2a0c1e +running +worker +\S+ +\$0\.0123 +fix-test +Fix the failing test$/m);
    expect(stderr).toBe("warning: the model is scripted (replay:tour)\n");
  });

  it("gives the API's own shape with --json, wherever the flag stands", async () => {
    for (const args of [
      ["ls", "--json"],
      ["--json", "ls"],
    ]) {
      const { stdout, stderr } = await cli.run(args);
      expect(JSON.parse(stdout)).toEqual({ items: [agentView()], nextCursor: null });
      expect(stderr).toBe("");
    }
  });

  it("says that there are more, and fetches every page with --all", async () => {
    server.agents.set(NEXT_AGENT, agentView({ agentId: NEXT_AGENT }));
    const first = await cli.run(["ls", "--limit", "1"]);
    expect(first.stderr).toContain("--all");
    expect(first.stdout).not.toContain("77777777");
    const all = await cli.run(["ls", "--limit", "1", "--all"]);
    expect(all.stdout).toContain("3f2a0c1e");
    expect(server.calls.filter(({ route }) => route === "listAgents")).toHaveLength(2);
  });

  it("passes the states on, and says on stderr that there is nothing", async () => {
    server.agents.clear();
    const { code, stdout, stderr } = await cli.run(["ls", "--status", "failed", "killed"]);
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("there are no agents");
    expect(server.calls.at(-1)?.query).toMatchObject({ status: ["failed", "killed"] });
  });

  it("colours on request, and not at all with NO_COLOR", async () => {
    expect((await cli.run(["ls"], { FORCE_COLOR: "1" })).stdout).toContain("\u001B[1mrunning\u001B[22m");
    expect((await cli.run(["ls"], { NO_COLOR: "1" })).stdout).not.toContain("\u001B");
  });
});

describe("mosaic show", () => {
  it("tells everything, and nothing a terminal would obey", async () => {
    server.agents.set(
      AGENT,
      agentView({
        status: "failed",
        sandbox: "none",
        yolo: true,
        reason: "rejected",
        error: "the tests fail\u001B]0;pwned\u0007",
        retryOf: NEXT_AGENT,
        branch: "mosaic/fix-test-3f2a0c1e",
        completedAt: "2026-11-20T10:01:30.000Z",
        details: { gate: "tests" },
      }),
    );
    const verdict = { phase: "pre-commit", commit: COMMIT, durationMs: 900, message: "1 failed" };
    server.publish(
      event(1, "gates.started", { phase: "pre-commit", commit: COMMIT, gates: ["tests", "lint"] }),
      event(2, "gates.verdict", { ...verdict, gate: "lint", outcome: "failed" }),
      event(3, "gates.started", { phase: "pre-commit", commit: COMMIT, gates: ["tests", "lint"] }),
      event(4, "gates.verdict", { ...verdict, gate: "tests", outcome: "failed" }),
      event(5, "agent.killed", { by: "admin", why: "drill", residual: [] }),
    );
    const { code, stdout } = await cli.run(["show", "3f2a"]);
    expect(code).toBe(0);
    for (const text of [
      `${AGENT}  failed`,
      "without a sandbox",
      "YOLO_MODE",
      `retry of    ${NEXT_AGENT}`,
      "took        1 m 30 s",
      "the tests fail",
      '  "gate": "tests"',
      "✗ tests failed (pre-commit, 1a2b3c4d, 900 ms): 1 failed",
      "by admin: drill",
      "7 requests, 1,204 in, 380 out, cost $0.0123",
      "- Fix the failing test",
    ]) {
      expect(stdout).toContain(text);
    }
    expect(stdout).not.toContain("lint");
    expect(stdout).not.toContain("pwned");
    expect(stdout.replaceAll("\n", "")).toMatch(/^[^\p{Cc}]+$/u);
  });

  it("gives the API's own shape with --json", async () => {
    const { stdout } = await cli.run(["show", AGENT.toUpperCase(), "--json"]);
    expect(JSON.parse(stdout)).toEqual(agentView());
  });
});

describe("mosaic logs", () => {
  it("prints a line for each event, and takes terminal sequences out of what an agent says", async () => {
    server.publish(
      event(1, "agent.running", { sandbox: "bubblewrap", model: "claude-x" }),
      event(2, "transcript.text", { text: "\u001B[2J\u001B]52;c;cHduZWQ=\u0007hello\u009B31m" }),
      event(3, "agent.running", { sandbox: "bubblewrap", model: "other" }, NEXT_AGENT),
    );
    const { code, stdout } = await cli.run(["logs", "3f2a"]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      ["10:00:00 agent      running in bubblewrap, model claude-x", "10:00:00 says       hello", ""].join(
        "\n",
      ),
    );
  });

  it("prints JSON lines with --json, more than a page of them, without raw control characters", async () => {
    const many = Array.from({ length: 1500 }, (_, i) =>
      event(i + 1, "transcript.text", { text: `\u009B${i}` }),
    );
    server.publish(...many);
    const { stdout } = await cli.run(["logs", AGENT, "--json"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(many);
    expect(stdout).not.toContain("\u009B");
  });
});

describe("mosaic diff", () => {
  it("gives a pipe the patch byte for byte, and warns on stderr when it was cut", async () => {
    const { code, stdout, stderr } = await cli.run(["diff", "3f2a"]);
    expect([code, stdout]).toEqual([0, PATCH]);
    expect(stderr).toContain("was cut");
  });

  it("makes control characters visible when it colours", async () => {
    const { stdout } = await cli.run(["diff", "3f2a"], { FORCE_COLOR: "1" });
    expect(stdout).toContain("\u001B[31m-old^[[31m\u001B[39m\n\u001B[32m+new^G\u001B[39m");
  });

  it("gives the API's own shape with --json", async () => {
    const { stdout } = await cli.run(["diff", "3f2a", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ agentId: AGENT, patch: PATCH, truncated: true });
  });
});

describe("mosaic queue", () => {
  it("shows counts and limits", async () => {
    const { stdout } = await cli.run(["queue", "stats"]);
    expect(stdout).toMatch(/^state +paused$/m);
    expect(stdout).toMatch(/^pending +3 \(at most 1,000\)$/m);
    const json = await cli.run(["queue", "stats", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ pending: 3, paused: true, maxPending: 1000 });
  });

  it("pauses and resumes", async () => {
    expect((await cli.run(["queue", "pause"])).stdout).toBe("paused\n");
    expect((await cli.run(["queue", "resume", "--quiet"])).stderr).toBe("");
    expect(JSON.parse((await cli.run(["queue", "resume", "--json"])).stdout)).toEqual({
      paused: false,
      changed: false,
    });
  });

  it("says when there was nothing to change", async () => {
    expect((await cli.run(["queue", "pause"])).stderr).toMatch(/^running agents go on;/);
    expect((await cli.run(["queue", "resume"])).stderr).toBe("it was not paused\n");
  });
});
