import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNoneSandbox, SandboxError, type Sandbox } from "@mosaic/sandbox";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openBench, writeWorker, type Bench, type BenchOptions } from "./spec-support.ts";

/** A worker that answers each line it is sent; `said` is what it writes to a prompt. */
const worker = (said: string, first = "ready()"): string => `
import { createInterface } from "node:readline";
const say = (text) => process.stdout.write(text + "\\n");
const ready = () => say(JSON.stringify({ type: "ready", pid: process.pid, node: process.version }));
const end = (outcome) => say(JSON.stringify({ type: "turn_end", outcome, requests: 1 }));
createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.type === "start") { ${first}; }
  if (message.type === "prompt") { ${said}; }
}).on("close", () => process.exit(0));
`;

let folder = "";
let bench: Bench | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "protocol-"));
});
afterEach(async () => {
  await bench?.close();
  bench = null;
  await rm(folder, { recursive: true });
});

async function open(program: string, options: Partial<BenchOptions> = {}): Promise<Bench> {
  const workerBundle = await writeWorker(folder, program);
  bench = await openBench({ sandbox: createNoneSandbox(), workerBundle, ...options });
  return bench;
}

describe("a process that does not behave ends the attempt:", () => {
  const prompted = async (said: string, options: Partial<BenchOptions> = {}): Promise<unknown> => {
    const { start, onEvent } = await open(worker(said), options);
    const session = await start();
    const failure = await session.prompt("Go.", onEvent).then(
      (turn) => turn,
      (error: unknown) => error,
    );
    await session.exited;
    return failure;
  };

  test.each<[string, string, RegExp]>([
    ["garbage", 'say("{nonsense")', /something else than a message: \{nonsense/],
    ["JSON that is no message", 'say("{}")', /something else than a message/],
    ["a message of an unknown type", `say('{"type":"dance"}')`, /something else than a message/],
    ["nesting without end", 'say("[".repeat(100000))', /something else than a message/],
    ["ready twice", "ready()", /said twice that it is ready/],
    [
      "an end with code 3 and a last word",
      'process.stderr.write("last word"); process.exit(3)',
      /ended with code 3.*last word/,
    ],
    ["an end by a signal", 'process.kill(process.pid, "SIGTERM")', /was ended by SIGTERM/],
    [
      "an end for lack of memory",
      'process.stderr.write("JavaScript heap out of memory"); process.abort()',
      /ran out of memory \(limit 2048 MB/,
    ],
    ["an end by force", 'process.kill(process.pid, "SIGKILL")', /SIGKILL, and not by us: most likely/],
  ])("%s", async (_, said, why) => {
    expect(await prompted(said)).toMatchObject({ reason: "runtime", message: expect.stringMatching(why) });
  });

  test("a line that is too long", async () => {
    const output = { lineBytes: 1_000, totalBytes: 1_000_000 };
    const failure = await prompted('process.stdout.write("x".repeat(1001))', { output });
    expect(failure).toMatchObject({
      reason: "output_limit",
      message: expect.stringMatching(/a line of more than 1000/),
    });
  });

  test("a turn that ends and nobody began", async () => {
    const { start } = await open(worker("", 'ready(); end("done")'));
    const session = await start();
    await session.exited;
    await expect(session.prompt("Go.", () => undefined)).rejects.toMatchObject({ reason: "runtime" });
  });
});

describe("a process that does not start", () => {
  test.each<[string, string, RegExp, number]>([
    ["because it ends", "process.exit(9)", /ended with code 9/, 30_000],
    ["because it is never ready", "undefined", /was not ready after 300 ms/, 300],
    ["because it talks nonsense", 'say("hello")', /something else than a message: hello/, 30_000],
  ])("%s is a failure, and nothing is left of it", async (_, first, why, startTimeoutMs) => {
    const sandbox = createNoneSandbox();
    const { start } = await open(worker("", first), { sandbox, startTimeoutMs });
    await expect(start()).rejects.toMatchObject({ reason: "runtime", message: expect.stringMatching(why) });
    expect(sandbox.list()).toEqual([]);
  });

  test("because there is no sandbox for it is a failure of its own", async () => {
    const sandbox: Sandbox = {
      ...createNoneSandbox(),
      start: async () => {
        throw new SandboxError("bwrap is not installed; install it");
      },
    };
    const { start } = await open(worker(""), { sandbox });
    await expect(start()).rejects.toMatchObject({
      reason: "sandbox",
      message: expect.stringMatching(/install it/),
    });
  });
});

describe("a turn", () => {
  test("that ended just before its process did is still a turn", async () => {
    const { start, onEvent } = await open(worker('end("done"); process.exit(0)'));
    const session = await start();
    expect(await session.prompt("Go.", onEvent)).toEqual({ outcome: "done", requests: 1 });
    await session.exited;
    await expect(session.prompt("More.", onEvent)).rejects.toMatchObject({ reason: "runtime" });
  });

  test("that does not stop when it is asked to is killed", async () => {
    const { start, onEvent } = await open(worker("undefined"), { graceMs: 20 });
    const session = await start();
    const stop = new AbortController();
    const turn = session.prompt("Go.", onEvent, stop.signal);
    stop.abort();
    expect(await turn).toMatchObject({ outcome: "cancelled", message: expect.stringMatching(/was killed/) });
    await session.exited;
  });

  test("does not begin for a caller that has given up", async () => {
    const { start, onEvent } = await open(worker('end("done")'));
    const session = await start();
    expect(await session.prompt("Go.", onEvent, AbortSignal.abort())).toEqual({
      outcome: "cancelled",
      requests: 0,
    });
    expect(await session.prompt("Go.", onEvent)).toMatchObject({ outcome: "done" });
  });

  test("is one at a time", async () => {
    const { start, onEvent } = await open(worker("undefined"));
    const session = await start();
    const first = session.prompt("Go.", onEvent).catch((error: unknown) => error);
    await expect(session.prompt("Go.", onEvent)).rejects.toThrow(/already has a turn/);
    await session.kill();
    expect(await first).toMatchObject({ reason: "killed" });
  });
});
