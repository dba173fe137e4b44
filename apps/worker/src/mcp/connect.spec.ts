import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectMcpServers, type McpTools } from "./connect.ts";
import { toolName } from "./tool-name.ts";

const SERVER = fileURLToPath(new URL("../../tests/fixtures/mcp-server.mjs", import.meta.url));

let workdir = "";
let connected: McpTools | null = null;

beforeEach(async () => {
  workdir = await realpath(await mkdtemp(join(tmpdir(), "mcp-")));
});

afterEach(async () => {
  await connected?.close();
  connected = null;
  await rm(workdir, { recursive: true });
});

const server = (name: string, ...args: string[]): Parameters<typeof connectMcpServers>[0][number] => ({
  name,
  command: [process.execPath, SERVER, ...args],
  env: { FROM_THE_OWNER: "yes" },
});

async function connect(servers: ReturnType<typeof server>[], startMs = 15_000): Promise<McpTools> {
  connected = await connectMcpServers(servers, {
    workdir,
    env: { FROM_THE_SANDBOX: "yes" },
    startMs,
    callMs: 1000,
  });
  return connected;
}

async function call(tools: McpTools, name: string, input: unknown = {}): Promise<unknown> {
  const tool = tools.tools.find((candidate) => "name" in candidate && candidate.name === name);
  if (tool === undefined) throw new Error(`there is no tool ${name}`);
  return await tool.run(input);
}

const namesOf = ({ tools }: McpTools) => tools.map((tool) => ("name" in tool ? tool.name : ""));

describe("servers of the Model Context Protocol", () => {
  test("offer their tools under their own names", async () => {
    const tools = await connect([server("one"), server("two")]);
    expect(namesOf(tools)).toContain("mcp__one__say");
    expect(namesOf(tools)).toContain("mcp__two__say");
    expect(namesOf(tools)).toContain("mcp__one__with_spaces_and_slashes");
    expect(await call(tools, "mcp__one__say", { word: "hello" })).toBe(`said hello in ${workdir}`);
    expect(await call(tools, "mcp__one__picture")).toBe("[image]");
    expect(tools.problems).toEqual([
      expect.stringContaining(`The tool '${"x".repeat(100)}' of the MCP server 'one' is left out`),
      expect.stringContaining("of the MCP server 'two' is left out"),
    ]);
  });

  test("get the sandbox's environment and their own, and nothing else", async () => {
    const tools = await connect([server("one")]);
    const environment = JSON.parse(String(await call(tools, "mcp__one__environment"))) as object;
    expect(environment).toMatchObject({ FROM_THE_SANDBOX: "yes", FROM_THE_OWNER: "yes" });
    expect(Object.keys(environment)).not.toContain("VITEST");
  });

  test("answer failures as failures of the tool", async () => {
    const tools = await connect([server("one")]);
    await expect(call(tools, "mcp__one__fail")).rejects.toThrow("it did not work");
    await expect(call(tools, "mcp__one__hang")).rejects.toThrow(/did not answer/);
    await expect(call(tools, "mcp__one__crash")).rejects.toThrow(/did not answer/);
    await expect(call(tools, "mcp__one__say", { word: "again" })).rejects.toThrow(/did not answer/);
  });

  test("that do not come up are told of, and hold up nobody else", async () => {
    const missing = { name: "missing", command: ["/no/such/program"], env: {} };
    const tools = await connect(
      [
        server("fine"),
        server("silent", "silent"),
        server("exits", "exit"),
        server("floods", "flood"),
        missing,
      ],
      2000,
    );
    expect(namesOf(tools).every((name) => name.startsWith("mcp__fine__"))).toBe(true);
    const told = tools.problems.filter((text) => text.includes("cannot be used"));
    expect(new Set(told.map((text) => /'(\w+)'/.exec(text)?.[1]))).toEqual(
      new Set(["exits", "floods", "missing", "silent"]),
    );
    expect(told.find((text) => text.includes("'exits'"))).toContain("no database");
  });

  test("may print garbage before they speak", async () => {
    const tools = await connect([server("one", "garbage")]);
    expect(await call(tools, "mcp__one__say", { word: "still" })).toContain("said still");
  });
});

test("a tool's name is one the model's API takes", () => {
  expect(toolName("docs", "look.up")).toBe("mcp__docs__look_up");
  expect(toolName("docs", "")).toBeNull();
  expect(toolName("docs", "x".repeat(128))).toBeNull();
});
