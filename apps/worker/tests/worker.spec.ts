import { mkdtemp, readFile, rm, access } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildWorker, startWorker, type RunningWorker } from "./harness.ts";

let folder = "";
let bundle = "";
const workers: RunningWorker[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundle-"));
  bundle = await buildWorker(folder);
});
afterAll(async () => rm(folder, { recursive: true }));
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

async function run(scenario: string, config = {}): Promise<RunningWorker> {
  const worker = await startWorker(bundle, scenario, config);
  workers.push(worker);
  return worker;
}
async function prompted(scenario: string, config = {}): Promise<RunningWorker> {
  const worker = await run(scenario, config);
  worker.send({ type: "prompt", text: "go" });
  return worker;
}
const file = async (worker: RunningWorker, name: string): Promise<string> =>
  readFile(join(worker.workdir, name), "utf8");

describe("a turn", () => {
  test("runs the tools the model calls, tells what happens in order, and ends", async () => {
    const worker = await prompted("long-tool");
    expect(await worker.next("turn_end")).toEqual({ type: "turn_end", outcome: "done", requests: 3 });
    expect(worker.events.map((event) => event.type).join(" ")).toBe(
      "ready tool_call tool_result tool_call tool_result text turn_end",
    );
    expect(worker.events[0]).toMatchObject({ pid: worker.process.pid, node: process.version });
    expect(worker.events[2]).toMatchObject({ truncated: true, isError: false });
    expect(await file(worker, "note.txt")).toBe("one line\n");
  });

  test("keeps its conversation for the next prompt", async () => {
    const worker = await prompted("never-repaired");
    await worker.next("turn_end");
    expect(await file(worker, "src/broken.ts")).toContain("Attempt 1.");
    worker.send({ type: "prompt", text: "It does not compile." });
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "done" });
    expect(await file(worker, "src/broken.ts")).toContain("Attempt 2.");
  });

  test("survives tools that do not exist and inputs that do not fit", async () => {
    const worker = await prompted("unknown-tool");
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "done" });
    const results = worker.events.filter((event) => event.type === "tool_result");
    expect(results.map((result) => result.isError)).toEqual([true, true, true, false]);
    expect(results[0]?.output).toBe("Error: Tool 'teleport' not found");
    expect(await file(worker, "after.txt")).toBe("still here\n");
  });

  test("asks again for an answer that broke off, and repeats no tool that has run", async () => {
    const worker = await prompted("broken-stream-once");
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "done", requests: 5 });
    expect(worker.events.filter((event) => event.type === "notice")).toHaveLength(2);
    expect(await file(worker, "ran.txt")).toBe("ran\nagain\n");
    expect(worker.events.filter((event) => event.type === "tool_call")).toHaveLength(2);
  });

  test("waits when the model is overloaded", async () => {
    const worker = await prompted("overloaded-once");
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "done" });
    expect(await file(worker, "overloaded.txt")).toBe("it was busy\n");
  });
});

describe("a turn that cannot end well ends with", () => {
  test("refusal", async () => {
    const worker = await prompted("refusal");
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "refusal" });
  });

  test("max_tokens, runs no tool of that answer, and can be prompted again", async () => {
    const worker = await prompted("max-tokens");
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "max_tokens" });
    await expect(access(join(worker.workdir, "long.txt"))).rejects.toThrow("ENOENT");
    worker.send({ type: "prompt", text: "Shorter, please." });
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "done" });
  });

  test("max_turns, and can be prompted again", async () => {
    const worker = await prompted("endless", { maxTurns: 3 });
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "max_turns", requests: 3 });
    expect(await file(worker, "endless.txt")).toBe("again\n".repeat(3));
    worker.send({ type: "prompt", text: "And?" });
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "done" });
  });

  test("model_error with status and message", async () => {
    const worker = await prompted("model-error");
    const end = await worker.next("turn_end");
    expect(end).toMatchObject({ outcome: "model_error", status: 400, message: "messages: scripted refusal" });
  });

  test("context_overflow", async () => {
    const worker = await prompted("context-overflow");
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "context_overflow", status: 400 });
  });

  test("model_error when every answer is garbage", async () => {
    const worker = await prompted("garbage", { streamRetries: 1 });
    const end = await worker.next("turn_end");
    expect(end).toMatchObject({ outcome: "model_error", requests: 2 });
    expect(end.message).toMatch(/broke off 2 times/);
  });

  test("model_error when nobody listens on the socket", async () => {
    const worker = await prompted("tour", { socketPath: join(folder, "nobody") });
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "model_error", message: /ENOENT/ });
  });
});

describe("a cancelled turn", () => {
  test("ends at once while the model is silent", async () => {
    const worker = await prompted("hang");
    await worker.next("ready");
    worker.send({ type: "cancel" });
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "cancelled" });
  });

  test("ends the command that runs, and the worker can be prompted again", async () => {
    const worker = await prompted("slow");
    await worker.next("tool_call");
    worker.send({ type: "cancel" });
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "cancelled" });
    worker.send({ type: "prompt", text: "Never mind." });
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "done" });
  });

  test("is nothing when no turn runs", async () => {
    const worker = await run("nothing-changed");
    worker.send({ type: "cancel" }, { type: "prompt", text: "go" });
    expect(await worker.next("turn_end")).toMatchObject({ outcome: "done" });
  });
});

describe("the process", () => {
  test("ends when stdin ends, even in the middle of a command", async () => {
    const worker = await prompted("slow");
    await worker.next("tool_call");
    worker.process.stdin.end();
    expect(await worker.exit()).toBe(0);
  });

  test.each([
    ["garbage", "{not json\n", /line 2 of stdin is not JSON/],
    ["an unknown message", '{"type":"dance"}\n', /line 2 of stdin is no message/],
    ["a second start", null, /line 2: a second 'start'/],
  ])("ends with code 2 and says why after %s", async (_, text, why) => {
    const worker = await run("tour");
    const { workdir } = worker;
    if (text === null) {
      const limits = { maxTokens: 1, maxTurns: 1, maxToolOutputBytes: 1, streamRetries: 0, mcpServers: [] };
      worker.send({ type: "start", model: "m", system: "", socketPath: "/s", workdir, ...limits });
    } else worker.write(text);
    expect(await worker.exit()).toBe(2);
    expect(worker.stderr()).toMatch(why);
  });

  test("ends with code 2 after a prompt while a turn runs", async () => {
    const worker = await prompted("hang");
    worker.send({ type: "prompt", text: "and another" });
    expect(await worker.exit()).toBe(2);
  });
});
