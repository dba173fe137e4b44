import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNoneSandbox } from "@mosaic/sandbox";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bench } from "../spec-support.ts";
import { openBench, writeWorker, type BenchOptions } from "./spec-support.ts";

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
    ["JSON that is no message", 'say("{}")', /something else than a message/],
    ["a message of an unknown type", `say('{"type":"dance"}')`, /something else than a message/],
    ["nesting without end", 'say("[".repeat(100000))', /something else than a message/],
    ["ready twice", "ready()", /said twice that it is ready/],
    ["an end by a signal", 'process.kill(process.pid, "SIGTERM")', /was ended by SIGTERM/],
    [
      "an end for lack of memory",
      'process.stderr.write("JavaScript heap out of memory"); process.abort()',
      /ran out of memory \(limit 2048 MB/,
    ],
  ])("%s", async (_, said, why) => {
    expect(await prompted(said)).toMatchObject({ reason: "runtime", message: expect.stringMatching(why) });
  });

  test("a turn that ends and nobody began", async () => {
    const { start } = await open(worker("", 'ready(); end("done")'));
    const session = await start();
    await session.exited;
    await expect(session.prompt("Go.", () => undefined)).rejects.toMatchObject({ reason: "runtime" });
  });
});
