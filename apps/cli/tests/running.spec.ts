import { mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENT, agentView, COMMIT, event, NEXT_AGENT } from "./agents.ts";
import { type CommandLine, createCommandLine } from "./command-line.ts";
import { type ScriptedOrchestrator, startScriptedOrchestrator } from "./scripted-orchestrator.ts";

let server: ScriptedOrchestrator;
let cli: CommandLine;

beforeEach(async () => {
  server = await startScriptedOrchestrator({
    warnings: ["the sandbox is off"],
    handlers: { spawnAgent: () => ({ agentId: AGENT, status: "spawning" }) },
  });
  server.agents.set(AGENT, agentView());
  cli = createCommandLine({ MOSAIC_URL: server.url, MOSAIC_TOKEN: server.token });
});

afterEach(async () => {
  cli.dispose();
  await server.close();
});

const spawned = (): unknown => server.calls.find(({ route }) => route === "spawnAgent")?.body;

/** The agent ends as `changes` say. */
function end(
  changes: Parameters<typeof agentView>[0],
  events: Parameters<ScriptedOrchestrator["publish"]>,
): void {
  server.agents.set(AGENT, agentView(changes));
  server.publish(...events);
}

describe("mosaic run", () => {
  it("prints the agent's id on stdout and the talk on stderr", async () => {
    const { code, stdout, stderr } = await cli.run(["run", "--repo", "/srv/app", "Fix the failing test"]);
    expect([code, stdout]).toEqual([0, `${AGENT}\n`]);
    expect(stderr).toContain("warning: the sandbox is off");
    expect(stderr).toContain("mosaic logs 3f2a0c1e -f");
    expect(spawned()).toMatchObject({
      taskId: expect.stringMatching(/^fix-the-failing-test-[0-9a-f]{6}$/) as string,
      agentType: "worker",
      context: { repository: "/srv/app", branch: "main", workItems: ["Fix the failing test"] },
    });
    expect(spawned()).not.toHaveProperty("options");
  });

  it("sends everything it is told, relative folders made absolute, standard input as one work item", async () => {
    mkdirSync(join(cli.home, "app"));
    const args =
      "run --repo ./app --branch dev --agent-type tester --gates tests,lint --task-id t-1 --priority 9 --timeout 60";
    const more = "--retries 0 --model claude-x --skill testing --skill git --runtime opencode first - --json";
    const { stdout } = await cli.run(
      [...args.split(" "), ...more.split(" ")],
      {},
      "second\nwith two lines\n",
    );
    expect(JSON.parse(stdout)).toEqual({ agentId: AGENT, status: "spawning" });
    expect(spawned()).toEqual({
      taskId: "t-1",
      agentType: "tester",
      gateProfile: "custom",
      context: {
        repository: join(realpathSync(cli.home), "app"),
        branch: "dev",
        workItems: ["first", "second\nwith two lines"],
        skills: ["testing", "git"],
        runtime: "opencode",
      },
      options: { timeout: 60, maxRetries: 0, priority: 9, model: "claude-x", gates: ["tests", "lint"] },
    });
  });

  it("is quiet on request", async () => {
    const { stdout, stderr } = await cli.run(["run", "-q", "--repo", "git@example.com:a/b.git", "x"]);
    expect(stdout).toBe(`${AGENT}\n`);
    expect(stderr).toBe("warning: the sandbox is off\n");
    expect(spawned()).toMatchObject({ context: { repository: "git@example.com:a/b.git" } });
  });
});

describe("following", () => {
  it("streams events until the agent completes, those of before included, each once", async () => {
    server.publish(event(1, "agent.spawning", { attempt: 1 }));
    const { exited, child } = cli.start(["run", "--repo", "/srv/app", "x", "--follow"]);
    child.stdin.end();
    await server.listened();
    end({ status: "completed" }, [
      event(2, "transcript.text", { text: "done" }),
      event(3, "agent.running", { sandbox: "none", model: "another agent's" }, NEXT_AGENT),
      event(4, "agent.completed", { branch: "mosaic/x", commit: COMMIT }),
    ]);
    const { code, stdout, stderr } = await exited;
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      AGENT,
      "10:00:00 agent      admitted, attempt 1",
      "10:00:00 says       done",
      "10:00:00 completed  mosaic/x is at 1a2b3c4d",
      "",
    ]);
    expect(stderr).toContain("used: 7 requests, 1,204 in, 380 out, cost $0.0123");
  });

  it("prints JSON lines, only events on stdout, with --json", async () => {
    const { exited, child } = cli.start(["run", "--repo", "/srv/app", "x", "--follow", "--json"]);
    child.stdin.end();
    await server.listened();
    const last = event(1, "agent.completed", { branch: "mosaic/x", commit: COMMIT });
    end({ status: "completed" }, [last]);
    const { stdout } = await exited;
    expect(JSON.parse(stdout)).toEqual(last);
  });

  it("goes on to the attempt that retries, and exits 5 when that one fails", async () => {
    server.agents.set(
      NEXT_AGENT,
      agentView({ agentId: NEXT_AGENT, status: "failed", error: "gates rejected it" }),
    );
    server.publish(event(5, "agent.failed", { reason: "rejected", error: "gates rejected it" }, NEXT_AGENT));
    const { exited } = cli.start(["logs", "3f2a", "-f"]);
    await server.listened();
    end({ status: "failed", retriedBy: NEXT_AGENT }, [
      event(6, "agent.failed", { reason: "sandbox", error: "no room" }),
    ]);
    const { code, stdout, stderr } = await exited;
    expect(code).toBe(5);
    expect(stdout).toContain("sandbox: no room");
    expect(stdout).toContain("rejected: gates rejected it");
    expect(stderr).toContain(`another attempt follows: ${NEXT_AGENT}`);
    expect(stderr).toContain("error: the agent failed: gates rejected it");
  });

  it("ends at once for an agent that has ended, even if its last events are gone", async () => {
    server.agents.set(AGENT, agentView({ status: "killed" }));
    const { code, stderr } = await cli.run(["logs", "3f2a", "-f"]);
    expect(code).toBe(5);
    expect(stderr).toContain("the agent was killed");
  });

  it("detaches on Ctrl-C with exit code 130 and leaves the agent alone", async () => {
    const { exited, child, printed } = cli.start(["logs", "3f2a", "-f"]);
    await server.listened();
    server.publish(event(1, "transcript.text", { text: "still at it" }));
    await printed("still at it");
    child.kill("SIGINT");
    const { code, signal, stderr } = await exited;
    expect([code, signal]).toEqual([130, null]);
    expect(stderr).toContain("you are detached; the agent goes on");
    expect(stderr).toContain("mosaic kill 3f2a0c1e");
    expect(server.calls.map(({ route }) => route)).not.toContain("killAgent");
  });

  it("finds the server again after a restart, and tells each event once", async () => {
    const first = event(1, "transcript.text", { text: "before" });
    const { exited, printed } = cli.start(["logs", "3f2a", "-f"]);
    await server.listened();
    server.publish(first);
    await printed("before");
    const port = Number(new URL(server.url).port);
    await server.close();
    await printed("the connection is lost");
    server = await startScriptedOrchestrator({ port });
    server.agents.set(AGENT, agentView());
    server.publish(first);
    await server.listened();
    end({ status: "completed" }, [event(2, "agent.completed", { branch: "mosaic/x", commit: COMMIT })]);
    const { code, stdout, stderr } = await exited;
    expect(code).toBe(0);
    expect(stdout.match(/before/g)).toHaveLength(1);
    expect(stderr).toContain("connected again");
  });

  it("survives a reader that has had enough", async () => {
    server.publish(
      ...Array.from({ length: 20_000 }, (_, i) =>
        event(i + 1, "transcript.text", { text: "line".repeat(20) }),
      ),
    );
    const { exited, child } = cli.start(["logs", "3f2a"]);
    child.stdout.destroy();
    const { code, stderr } = await exited;
    expect([code, stderr]).toEqual([0, ""]);
  });
});
