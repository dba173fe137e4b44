import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBubblewrapSandbox, createNoneSandbox } from "@mosaic/sandbox";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildWorker, KEY, openBench, type Bench, type BenchOptions } from "./spec-support.ts";

let folder = "";
let workerBundle = "";
let bench: Bench | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rt-bundle-"));
  workerBundle = await buildWorker(folder);
});
afterAll(async () => rm(folder, { recursive: true }));
afterEach(async () => {
  await bench?.close();
  bench = null;
});

const sandboxes = [
  ["bubblewrap", createBubblewrapSandbox()],
  ["none", createNoneSandbox()],
] as const;

describe.each(sandboxes)("the worker in the sandbox %s", (name, sandbox) => {
  async function open(options: Partial<BenchOptions> = {}): Promise<Bench> {
    bench = await openBench({ sandbox, workerBundle, ...options });
    return bench;
  }

  test("works through the gateway on its tree, tells what it does, and is metered", async () => {
    const { start, onEvent, events, tree, entries } = await open({ scenario: "never-repaired" });
    const session = await start();
    expect(session.sandbox).toBe(name);
    expect(await session.prompt("Do it.", onEvent)).toEqual({ outcome: "done", requests: 2 });
    expect(events.map((event) => event.type)).toEqual(["tool_call", "tool_result", "text"]);
    expect(await readFile(join(tree, "src/broken.ts"), "utf8")).toContain("Attempt 1.");
    expect(await session.prompt("It does not compile.", onEvent)).toMatchObject({ outcome: "done" });
    expect(await readFile(join(tree, "src/broken.ts"), "utf8")).toContain("Attempt 2.");
    expect(entries).toHaveLength(4);
    expect(entries.every((entry) => entry.complete && entry.inputTokens > 0)).toBe(true);
  });

  test("has the tools of the host, the environment it was given, and no key", async () => {
    const scenario = join(folder, "look.yaml");
    const look =
      "bash: \"node --version; git --version; npm --version; pwd; echo $HOME; env; cat /proc/1/environ | tr '\\\\0' '\\\\n'; true\"";
    await writeFile(
      scenario,
      `name: look\ndescription: d\nturns: [{ steps: [{ tools: [{ ${look} }] }, { say: done }] }]\n`,
    );
    const { start, onEvent, events } = await open({ scenario });
    const session = await start();
    await session.prompt("Look.", onEvent);
    const result = events.find((event) => event.type === "tool_result");
    expect(result?.output).toContain(process.version);
    expect(result?.output).toContain("git version");
    expect(result?.output).toContain("FROM_WORKSPACE=yes");
    expect(result?.output).not.toContain(KEY);
    if (!sandbox.isolates) return;
    expect(result?.output).toContain("\n/tree\n");
    expect(result?.output).not.toContain("VITEST");
  });

  test("is killed with everything it started, while a command runs", async () => {
    const { start, onEvent, seen } = await open({ scenario: "escaping" });
    const session = await start();
    const started = seen("tool_result");
    const failed = session.prompt("Go.", onEvent).catch((error: unknown) => error);
    expect(await started).toMatchObject({ output: "started" });
    const first = await session.kill();
    expect(first.survivors).toEqual([]);
    expect(await failed).toMatchObject({ reason: "killed" });
    expect((await session.kill()).survivors).toEqual([]);
    await session.exited;
    await expect(session.prompt("And?", onEvent)).rejects.toMatchObject({ reason: "killed" });
    expect(sandbox.list()).toEqual([]);
  });

  test("stops its turn when it is asked to, and can be prompted again", async () => {
    const { start, onEvent, seen } = await open({ scenario: "slow" });
    const session = await start();
    const stop = new AbortController();
    const called = seen("tool_call");
    const turn = session.prompt("Go.", onEvent, stop.signal);
    await called;
    stop.abort();
    expect(await turn).toMatchObject({ outcome: "cancelled" });
    expect(await session.prompt("And?", onEvent)).toMatchObject({ outcome: "done" });
  });

  test("loses the model when its door is revoked, and says so", async () => {
    const { start, onEvent, gateway } = await open({ scenario: "hang", streamRetries: 0 });
    const session = await start();
    expect(gateway.list()).toEqual(["one"]);
    const turn = session.prompt("Go.", onEvent);
    await gateway.close();
    expect(await turn).toMatchObject({ outcome: "model_error" });
  });
});

describe("limits of the worker", () => {
  const open = async (options: Partial<BenchOptions>): Promise<Bench> => {
    bench = await openBench({ sandbox: createBubblewrapSandbox(), workerBundle, ...options });
    return bench;
  };

  test("max turns", async () => {
    const { start, onEvent } = await open({ scenario: "endless" });
    const session = await start("one", 2);
    expect(await session.prompt("Go.", onEvent)).toMatchObject({ outcome: "max_turns", requests: 2 });
  });

  test("the time of a turn", async () => {
    const { start, onEvent } = await open({ scenario: "hang", timeoutMs: 50 });
    const session = await start();
    await expect(session.prompt("Go.", onEvent)).rejects.toMatchObject({ reason: "timeout" });
  });

  test("all that it writes", async () => {
    const output = { lineBytes: 10_000, totalBytes: 1_000 };
    const { start, onEvent } = await open({ scenario: "endless", output });
    const session = await start();
    const failed = session.prompt("Go.", onEvent);
    await expect(failed).rejects.toMatchObject({ reason: "output_limit", message: /more than 1000 bytes/ });
    await session.exited;
  });

  test("several agents at a time, each in its own sandbox", async () => {
    const { start, onEvent, entries } = await open({ scenario: "write-file" });
    const sessions = await Promise.all(["a", "b", "c"].map(async (id) => start(id)));
    const turns = await Promise.all(
      sessions.map(async (session, at) => session.prompt(`Task ${at}`, onEvent)),
    );
    expect(turns.map((turn) => turn.outcome)).toEqual(["done", "done", "done"]);
    expect(new Set(entries.map((entry) => entry.agentId))).toEqual(new Set(["a", "b", "c"]));
  });
});
