import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { afterEach, beforeEach, expect, it } from "vitest";
import { appeared } from "../conformance/trial.ts";
import type { CommandConfig } from "../configured/read-file.ts";
import { openBench, type Bench } from "../spec-support.ts";
import { createCommandRuntime } from "./create-command-runtime.ts";

let bench: Bench | null = null;
let temporary = "";
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "command-"));
});
afterEach(async () => {
  await bench?.close();
  bench = null;
  await rm(temporary, { recursive: true });
});

type Given = Partial<CommandConfig> & Pick<CommandConfig, "command"> & { readonly graceMs?: number };

async function open({ graceMs, ...config }: Given): Promise<Bench> {
  const runtime = createCommandRuntime({
    name: "program",
    sandbox: createBubblewrapSandbox(),
    nodePath: process.execPath,
    output: { lineBytes: 1_000_000, totalBytes: 10_000_000 },
    ...(graceMs === undefined ? {} : { graceMs }),
    config: { env: {}, folders: [], prompt: "stdin", version: "1", ...config },
  });
  bench = await openBench({ runtime, scenario: "write-file" });
  return bench;
}

it.each<[CommandConfig["prompt"], CommandConfig["command"]]>([
  ["stdin", ["sh", "-c", "cat > seen.txt"]],
  ["file", ["cp", "{{prompt_file}}", "seen.txt"]],
  ["argument", ["sh", "-c", 'printf %s "$1" > seen.txt', "sh", "{{prompt}}"]],
])(
  "gets its prompt by %s: what it is, the task, and later what was rejected, too",
  async (prompt, command) => {
    const { start, onEvent, tree } = await open({ prompt, command });
    const session = await start();
    const seen = (): Promise<string> => readFile(join(tree, "seen.txt"), "utf8");
    await session.prompt('Mend {{tree}} \'so "that" $HOME it works.', onEvent);
    expect(await seen()).toBe('You are a test.\n\nMend {{tree}} \'so "that" $HOME it works.');
    await session.prompt("It does not.", onEvent);
    expect(await seen()).toMatch(/^You are a test\.\n\nMend .* it works\.\n\nIt does not\.$/s);
  },
);

it("is told of a prompt that no argument can hold, and what to do", async () => {
  const { start, onEvent } = await open({ prompt: "argument", command: ["echo", "{{prompt}}"] });
  const turn = (await start()).prompt("x".repeat(130_000), onEvent);
  await expect(turn).rejects.toMatchObject({
    reason: "runtime",
    message: expect.stringMatching(/set prompt 'file'/),
  });
});

it("is asked to stop with a signal that all it started gets, and may put its things in order", async () => {
  const script = `trap 'echo tidied > tidied.txt; exit 1' TERM; tail -f /dev/null & echo yes > started.txt; wait`;
  const { start, onEvent, tree } = await open({ command: ["sh", "-c", script] });
  const session = await start();
  const stop = new AbortController();
  const turn = session.prompt("Go.", onEvent, stop.signal);
  await appeared(tree, "started.txt");
  stop.abort();
  expect(await turn).toEqual({ outcome: "cancelled", requests: 0 });
  await access(join(tree, "tidied.txt"));
});

/** A program that can ask its model; `ask()` gives the status of the answer. */
async function openAsking(program: string): Promise<Bench> {
  const ask = `
    const body = { model: process.env.MOSAIC_MODEL, max_tokens: 100, messages: [{ role: "user", content: "Hello?" }] };
    const headers = { "content-type": "application/json", "x-api-key": process.env.ANTHROPIC_API_KEY };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    const ask = async () => (await fetch(process.env.ANTHROPIC_BASE_URL + "/v1/messages", init)).status;`;
  await writeFile(join(temporary, "ask.mjs"), `${ask}\n${program}`);
  const folders = [{ from: temporary, to: "/opt/ask" }];
  return open({ command: ["node", "/opt/ask/ask.mjs"], folders, graceMs: 20 });
}

it.each([
  ["calls itself done", "process.exit(0)"],
  ["fails", "process.exit(3)"],
  ["stays", 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6)'],
])("has asked its model too often, whether it then %s", async (_, then) => {
  const { start, onEvent, entries } = await openAsking(`while ((await ask()) === 200); ${then};`);
  const session = await start("one", { maxTurns: 2 });
  expect(await session.prompt("Go.", onEvent)).toMatchObject({ outcome: "max_turns", requests: 2 });
  expect(entries).toHaveLength(2);
});

it("has a model behind the gateway's address, and is metered", async () => {
  const { start, onEvent, events, entries } = await openAsking("console.log(await ask());");
  expect(await (await start()).prompt("Go.", onEvent)).toEqual({ outcome: "done", requests: 1 });
  expect(events).toEqual([{ type: "text", text: "200" }]);
  expect(entries).toMatchObject([{ agentId: "one", complete: true }]);
});

it("that is not there is named", async () => {
  const { start, onEvent } = await open({ command: ["no-such-program"] });
  const turn = (await start()).prompt("Go.", onEvent);
  await expect(turn).rejects.toMatchObject({
    message: expect.stringMatching(/code 127.*no-such-program: .*ENOENT/s),
  });
});
