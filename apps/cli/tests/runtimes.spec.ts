import type { RuntimeView } from "@mosaic/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type CommandLine, createCommandLine } from "./command-line.ts";
import { type ScriptedOrchestrator, startScriptedOrchestrator } from "./scripted-orchestrator.ts";

const ITEMS: RuntimeView[] = [
  { name: "sdk-worker", kind: "sdk-worker", default: true, installed: true, version: "0.1.0" },
  {
    name: "opencode",
    kind: "acp",
    default: false,
    installed: false,
    problem: "there is no /opt/opencode\u001b[2J",
    remedy: "install it",
  },
];

let server: ScriptedOrchestrator;
let cli: CommandLine;
beforeEach(async () => {
  server = await startScriptedOrchestrator({ handlers: { listRuntimes: () => ({ items: ITEMS }) } });
  cli = createCommandLine({ MOSAIC_URL: server.url, MOSAIC_TOKEN: server.token });
});
afterEach(async () => {
  cli.dispose();
  await server.close();
});

it("lists the runtimes, and says what is missing and what to do about it", async () => {
  const { code, stdout, stderr } = await cli.run(["runtime", "ls"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/sdk-worker \(default\)\s+sdk-worker\s+ready\s+0\.1\.0/);
  expect(stdout).toMatch(/opencode\s+acp\s+missing\s+there is no \/opt\/opencode/);
  expect(stdout).not.toContain("\u001b");
  expect(stderr).toContain("opencode: install it");
});

it("prints the same as JSON", async () => {
  const { stdout } = await cli.run(["runtime", "ls", "--json"]);
  expect(JSON.parse(stdout)).toEqual({ items: ITEMS });
});
