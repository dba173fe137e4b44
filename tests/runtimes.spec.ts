import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiError } from "@mosaic/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { certified } from "../apps/orchestrator/src/runtimes/acp/certified.ts";
import { INSIST } from "../apps/orchestrator/src/runtimes/conformance/subject.ts";
import { scenario, startSystem, type System } from "./system.ts";

// opencode takes 2.5 seconds of processor time to start: half a minute where many want the processor.
vi.setConfig({ testTimeout: 240_000 });

/** A program that knows nothing of us: it does what it is told only when it is told twice. */
const PROGRAM = `#!/bin/sh
set -e
prompt="$1"
grep -q "Make the failing test pass" "$prompt"
if grep -q "a - b" src/sum.js; then
  sed -i "s/a - b/a * b/" src/sum.js
  echo "I multiplied."
else
  grep -q "not accepted" "$prompt"
  sed -i "s/a \\* b/a + b/" src/sum.js
  echo "I added."
fi
`;

let folder: string;
let system: System;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-runtimes-"));
  for (const name of ["fixer", "fleeting"]) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "fix.sh"), PROGRAM);
    await chmod(join(folder, name, "fix.sh"), 0o755);
  }
  const program = (name: string): object => ({
    kind: "command",
    command: ["/opt/fixer/fix.sh", "{{prompt_file}}"],
    prompt: "file",
    folders: [{ from: join(folder, name), to: "/opt/fixer" }],
    install: "write it anew",
  });
  const file = join(folder, "runtimes.json");
  const runtimes = {
    opencode: await certified("opencode"),
    fixer: program("fixer"),
    fleeting: program("fleeting"),
    absent: program("nowhere"),
    asker: {
      kind: "command",
      command: ["node", "--input-type=module", "--eval", `const stopped = false; ${INSIST}`],
    },
  };
  await writeFile(file, JSON.stringify(runtimes));
  system = await startSystem(scenario("repaired-at-once"), { MOSAIC_RUNTIMES_FILE: file });
});
afterAll(async () => {
  await system.close();
  await rm(folder, { recursive: true });
});

async function pushed(remote: string, branch: string | undefined): Promise<string> {
  return system.git.git(remote, "show", `refs/heads/${branch}:src/sum.js`);
}

describe("agents of others (ORCH-105)", () => {
  it("opencode, by the Agent Client Protocol, goes from worktree through gates to a push, and is metered", async () => {
    const remote = await system.remote();
    const agentId = await system.spawn({ repository: remote, runtime: "opencode" });
    const agent = await system.ended(agentId);
    expect(agent).toMatchObject({ status: "completed", runtime: "opencode", sandbox: "bubblewrap" });
    expect(await pushed(remote, agent.branch)).toContain("return a + b;");
    expect(agent.usage.requests).toBeGreaterThanOrEqual(2);
    expect(agent.usage.costUsd).toBeGreaterThan(0);
    const types = (await system.events(agentId)).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(["transcript.tool_call", "transcript.tool_result"]));
  });

  it("a program is run anew with what was rejected, until its work passes", async () => {
    const remote = await system.remote();
    const agentId = await system.spawn({ repository: remote, runtime: "fixer" });
    const agent = await system.ended(agentId);
    expect(agent).toMatchObject({
      status: "completed",
      runtime: "fixer",
      usage: { requests: 0, costUsd: 0 },
    });
    expect(await pushed(remote, agent.branch)).toContain("return a + b;");
    const said = (await system.events(agentId)).flatMap((event) =>
      event.type === "transcript.text" ? [event.data.text] : [],
    );
    expect(said).toEqual(["I multiplied.", "I added."]);
  });

  it("a program that asks its model more often than the task lets it ends as any other agent does", async () => {
    const options = { maxTurns: 2, maxRetries: 0 };
    const agentId = await system.spawn({ runtime: "asker", options });
    expect(await system.ended(agentId)).toMatchObject({
      status: "failed",
      reason: "max_turns",
      error: expect.stringContaining("after 2 model requests"),
      usage: { requests: 2 },
    });
  });
});

describe("the list of runtimes", () => {
  it("says what there is, which is the default, and what those that are missing need", async () => {
    const { items } = await system.client.call("listRuntimes");
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "sdk-worker", kind: "sdk-worker", default: true, installed: true }),
        expect.objectContaining({
          name: "opencode",
          kind: "acp",
          default: false,
          installed: true,
          version: "1.18.33",
        }),
        expect.objectContaining({
          name: "absent",
          kind: "command",
          installed: false,
          problem: expect.stringContaining(`${folder}/nowhere`),
          remedy: "write it anew",
        }),
      ]),
    );
  });

  it("refuses a task for one that is not installed, with what to do", async () => {
    const refused = await system.spawn({ runtime: "absent" }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({ status: 503, problem: { code: "runtime_unavailable" } });
    expect(String(refused)).toContain("write it anew");
  });

  it("an attempt whose runtime has vanished since its admission fails with the same words", async () => {
    await system.client.call("pauseQueue");
    const agentId = await system.spawn({ runtime: "fleeting", options: { maxRetries: 0 } });
    await rm(join(folder, "fleeting"), { recursive: true });
    await system.client.call("resumeQueue");
    const agent = await system.ended(agentId);
    expect(agent).toMatchObject({ status: "failed", reason: "runtime" });
    expect(agent.error).toMatch(/runtime 'fleeting' cannot be used: there is no folder .*; write it anew/);
  });

  it("keeps a task to its runtime: the same task with another one is another request", async () => {
    const taskId = "one-runtime";
    const agentId = await system.spawn({ taskId, runtime: "fixer" });
    expect(await system.spawn({ taskId, runtime: "fixer" })).toBe(agentId);
    await expect(system.spawn({ taskId })).rejects.toMatchObject({ problem: { code: "task_conflict" } });
    await system.ended(agentId);
  });
});

it("a file of runtimes that cannot be used is told at the start", async () => {
  const file = join(folder, "broken.json");
  await writeFile(file, '{"x":{"kind":"shell"}}');
  const starting = startSystem(scenario("repaired-at-once"), { MOSAIC_RUNTIMES_FILE: file });
  await expect(starting).rejects.toThrow(/MOSAIC_RUNTIMES_FILE: .*broken\.json cannot be used/);
  const unknown = startSystem(scenario("repaired-at-once"), { MOSAIC_DEFAULT_RUNTIME: "nobody" });
  await expect(unknown).rejects.toThrow(/MOSAIC_DEFAULT_RUNTIME: there is no runtime 'nobody'/);
});
