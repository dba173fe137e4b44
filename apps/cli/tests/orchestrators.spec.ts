import { ProblemError } from "@mosaic/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type CommandLine, createCommandLine } from "./command-line.ts";
import { type ScriptedOrchestrator, startScriptedOrchestrator } from "./scripted-orchestrator.ts";

const ALIVE = "aaaaaaaa-0000-4000-8000-000000000001";
const LOST = "bbbbbbbb-0000-4000-8000-000000000002";
const instance = (instanceId: string, alive: boolean) => ({
  instanceId,
  alive,
  self: alive,
  host: "host-1",
  pid: 1,
  url: "http://10.0.0.1:3001",
  version: "0.1.0",
  capacity: 4,
  running: 1,
  startedAt: "2026-11-20T10:00:00.000Z",
  heartbeatAt: "2026-11-20T10:00:05.000Z",
});

let server: ScriptedOrchestrator;
let cli: CommandLine;
beforeEach(async () => {
  server = await startScriptedOrchestrator({
    handlers: {
      listOrchestrators: () => ({ items: [instance(ALIVE, true), instance(LOST, false)] }),
      forgetOrchestrator({ params }) {
        if (params.instanceId === ALIVE) throw new ProblemError("orchestrator_alive", "it is alive; stop it");
        return { instanceId: params.instanceId, killed: [] };
      },
      killAll: () => ({
        message: "Kill all completed: 0 killed, 0 failed",
        total: 0,
        killed: 0,
        failed: 0,
        errors: [],
        receipts: [],
        silent: [{ instanceId: LOST, host: "host-1", url: "http://10.0.0.1:3001", alive: false }],
      }),
    },
  });
  cli = createCommandLine({ MOSAIC_URL: server.url, MOSAIC_TOKEN: server.token });
});
afterEach(async () => {
  cli.dispose();
  await server.close();
});

it("lists the orchestrators, and says which are silent and what to do about them", async () => {
  const { code, stdout, stderr } = await cli.run(["orchestrators"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/aaaaaaaa\s+alive\s+1\/4\s+host-1 \(this\)/);
  expect(stdout).toMatch(/bbbbbbbb\s+silent/);
  expect(stderr).toContain("mosaic orchestrators forget");
});

it("gives up one that is lost by the beginning of its id, and passes on why one is not given up", async () => {
  expect(await cli.run(["orchestrators", "forget", "bbbb"])).toMatchObject({ code: 0 });
  const refused = await cli.run(["orchestrators", "forget", "aaaa"]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("it is alive; stop it");
  expect((await cli.run(["orchestrators", "forget", "cccc"])).stderr).toContain(
    "there is no orchestrator 'cccc'",
  );
});

it("a kill-all that not all have heard of is no success", async () => {
  const { code, stdout, stderr } = await cli.run(["kill", "--all", "--yes"]);
  expect(code).toBe(1);
  expect(stdout).toContain("no answer from orchestrator bbbbbbbb");
  expect(stderr).toContain("1 orchestrator did not answer");
});
