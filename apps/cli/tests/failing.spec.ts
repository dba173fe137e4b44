import { execFile } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ProblemError } from "@mosaic/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGENT, agentView, NEXT_AGENT } from "./agents.ts";
import { type CommandLine, createCommandLine } from "./command-line.ts";
import { type ScriptedOrchestrator, startScriptedOrchestrator } from "./scripted-orchestrator.ts";

let server: ScriptedOrchestrator;
let cli: CommandLine;

beforeAll(async () => {
  server = await startScriptedOrchestrator({
    handlers: {
      queueStats() {
        throw new Error("a defect of the server");
      },
      listAgents() {
        throw new ProblemError("rate_limited", "too many requests", { retryAfter: 7 });
      },
      getAgentDiff({ params: { agentId } }) {
        if (agentId !== AGENT) throw new ProblemError("agent_not_found", `there is no agent '${agentId}'`);
        throw new ProblemError(
          "agent_elsewhere",
          `the files of agent ${AGENT} are with orchestrator 12345678 on h (http://h:3001, alive); ask there`,
        );
      },
      pauseQueue() {
        throw new ProblemError("forbidden", "the token does not have the scope admin\u001B[2J");
      },
    },
  });
  server.agents.set(AGENT, agentView());
  server.agents.set(NEXT_AGENT, agentView({ agentId: NEXT_AGENT }));
  server.agents.set("3f2a9999", agentView({ agentId: "3f2a9999-0000-4000-8000-000000000003" }));
  cli = createCommandLine({ MOSAIC_URL: server.url, MOSAIC_TOKEN: server.token });
});

afterAll(async () => {
  cli.dispose();
  await server.close();
});

describe("a wrong command line (exit 2)", () => {
  it.each([
    [["logs", "3f2a", "--folow"], "Did you mean --follow?"],
    [["show", "xyz!"], "is not an agent id"],
    [["run", "--repo", ".", "-"], "standard input is empty"],
  ])("%j says %j on stderr", async (args, text) => {
    const { code, stdout, stderr } = await cli.run(args);
    expect(stderr).toContain(text);
    expect([code, stdout]).toEqual([2, ""]);
  });
});

describe("a refused or missing token (exit 4)", () => {
  it("says that the token is refused", async () => {
    const { code, stderr } = await cli.run(["ls"], { MOSAIC_TOKEN: "wrong-token-wrong-token" });
    expect(code).toBe(4);
    expect(stderr).toContain("Set MOSAIC_TOKEN to a token of this server");
    expect(stderr).not.toContain("wrong-token");
  });

  it("says what is not allowed, without control characters", async () => {
    const { code, stderr } = await cli.run(["queue", "pause"]);
    expect(code).toBe(4);
    expect(stderr).toContain("error: the token does not have the scope admin\n");
  });

  it("says where a token would be when there is none", async () => {
    const { code, stderr } = await cli.run(["ls"], { MOSAIC_TOKEN: "" });
    expect(code).toBe(4);
    expect(stderr).toContain(`${cli.home}/cli-token`);
  });

  it("takes the token of the data folder, unless other users may read it", async () => {
    const file = join(cli.home, "cli-token");
    writeFileSync(file, `${server.token}\n`, { mode: 0o600 });
    expect((await cli.run(["show", "7777"], { MOSAIC_TOKEN: "" })).code).toBe(0);
    chmodSync(file, 0o640);
    const { code, stderr } = await cli.run(["show", "7777"], { MOSAIC_TOKEN: "" });
    expect(code).toBe(4);
    expect(stderr).toContain(`chmod 600 ${file}`);
    chmodSync(file, 0o600);
    const elsewhere = await cli.run(["ls", "--url", "http://mosaic.example"], { MOSAIC_TOKEN: "" });
    expect(elsewhere.code).toBe(4);
    expect(elsewhere.stderr).toContain("is not sent to mosaic.example");
  });
});

describe("a server that is not there (exit 6)", () => {
  it("says what to start, with or without a token", async () => {
    const gone = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => void gone.once("listening", resolve));
    const url = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
    await new Promise((resolve) => void gone.close(resolve));
    for (const token of ["", "some-token-some-token"]) {
      const { code, stdout, stderr } = await cli.run(["ls", "--url", url], {
        MOSAIC_TOKEN: token,
        MOSAIC_HOME: "/nowhere",
      });
      expect([code, stdout]).toEqual([6, ""]);
      expect(stderr).toContain(`the orchestrator does not answer: ${url} cannot be reached`);
      expect(stderr).toContain("mosaic up");
    }
  });
});

describe("a refusal (exit 1)", () => {
  it("explains an ambiguous and an unknown id", async () => {
    const ambiguous = await cli.run(["show", "3f2a"]);
    expect(ambiguous.code).toBe(1);
    expect(ambiguous.stderr).toContain("fits more than one agent");
    expect(ambiguous.stderr).toContain("Give more characters");
    const unknown = await cli.run(["diff", "dead-beef"]);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("there is no agent 'dead-beef'");
    expect(unknown.stderr).toContain("mosaic ls");
  });

  it("says where an agent's files are, and how to ask there", async () => {
    const { code, stdout, stderr } = await cli.run(["diff", AGENT]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("on h (http://h:3001, alive); ask there");
    expect(stderr).toContain("Repeat the command with --url and the address of that orchestrator");
  });

  it("prints every field the server finds wrong", async () => {
    const { code, stderr } = await cli.run([
      "run",
      "--repo",
      "/srv/app",
      "--task-id",
      "no good",
      "--branch",
      "a..b",
      "x",
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain("/taskId: must be 1 to 64 letters");
    expect(stderr).toMatch(/\/context\/branch: .*branch/);
    expect(stderr).toMatch(/\(\w+, request [\w-]+\)/);
  });

  it("says when to try again, and names the request of a defect", async () => {
    expect((await cli.run(["ls"])).stderr).toContain("Try again in 7 s.");
    const { code, stderr } = await cli.run(["queue", "stats"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\(internal, request [\w-]+\)/);
    expect(stderr).not.toContain("a defect of the server");
  });

  it("is one JSON object on stderr with --json, and nothing on stdout", async () => {
    const { code, stdout, stderr } = await cli.run(["show", "dead", "--json"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(JSON.parse(stderr)).toMatchObject({
      error: "there is no agent 'dead'",
      exitCode: 1,
      problem: { code: "agent_not_found", status: 404 },
    });
  });

  it("says so when something else answers", async () => {
    const other = createServer((_request, response) => response.end("<html>hello</html>")).listen(
      0,
      "127.0.0.1",
    );
    await new Promise((resolve) => void other.once("listening", resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { code, stderr } = await cli.run(["queue", "resume", "--url", url]);
    expect(code).toBe(1);
    expect(stderr).toContain("does not answer like an orchestrator");
    other.closeAllConnections();
    other.close();
  });
});

describe("help and version", () => {
  it("prints the version, the exit codes, and help that leads with examples, on stdout", async () => {
    expect((await cli.run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await cli.run(["help", "exit-codes"])).stdout).toContain("  130  interrupted");
    for (const args of [
      ["run", "--help"],
      ["help", "run"],
    ]) {
      const { code, stdout } = await cli.run(args);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Examples:\n {2}\$ mosaic run/);
      expect(stdout).toContain("--json");
    }
  });
});

describe("an old Node", () => {
  it("gets one line that says what to use instead", async () => {
    const pretend = "Object.defineProperty(process, 'versions', { value: { node: '20.11.0' } })";
    const bin = fileURLToPath(new URL("../bin/mosaic.mjs", import.meta.url));
    const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
    const failure = await promisify(execFile)(process.execPath, ["--import", preload, bin, "ls"]).then(
      () => null,
      (error: { code: number; stderr: string }) => error,
    );
    expect(failure?.code).toBe(1);
    expect(failure?.stderr).toMatch(/^mosaic: Node 20\.11\.0 is too old; use `npx mosaic`[^\n]*\n$/);
  });
});
