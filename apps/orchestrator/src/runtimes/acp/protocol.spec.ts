import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBubblewrapSandbox, createNoneSandbox, type Sandbox } from "@mosaic/sandbox";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SessionRequest } from "../port.ts";
import { openBench, type Bench } from "../spec-support.ts";
import { agentProgram, END, say, scriptedRuntime, type Script } from "./spec-support.ts";

let folder = "";
let bench: Bench | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "acp-"));
});
afterEach(async () => {
  await bench?.close();
  bench = null;
  await rm(folder, { recursive: true });
});

async function open(script: Script, sandbox: Sandbox = createBubblewrapSandbox()): Promise<Bench> {
  const runtime = await scriptedRuntime(agentProgram(script), { folder, sandbox, graceMs: 20 });
  bench = await openBench({ runtime });
  return bench;
}

describe("an agent that speaks the protocol", () => {
  it("is told who we are, that we offer nothing, where its tree is, and which servers it has", async () => {
    const asked = say("JSON.stringify(globalThis.asked)");
    const { start, onEvent, events } = await open({
      onInitialize: "globalThis.asked = [message.params]; answer(message.id, { protocolVersion: 1 })",
      onNew: 'globalThis.asked.push(message.params); answer(message.id, { sessionId: "s" })',
      onPrompt: `${asked}; ${say("text")}; ${END}`,
    });
    const server = { name: "look", command: ["look", "up"], env: { WHERE: "here" } } as const;
    const changes: Partial<SessionRequest> = { mcpServers: [server] };
    const session = await start("one", changes);
    await session.prompt("Go.", onEvent);
    const said = events.map((event) => (event.type === "text" ? event.text : "")).join("");
    expect(said).toContain('"terminal":false');
    expect(said).toContain('"readTextFile":false');
    expect(said).toContain('"cwd":"/tree"');
    expect(said).toContain('"args":["up"]');
    expect(said).toContain('{"name":"WHERE","value":"here"}');
    expect(said).toContain("You are a test.\n\nGo.");
  });

  it("has its words put together, and each call told once, when it is known what it is", async () => {
    const call = (fields: string): string => `update({ toolCallId: "c", ${fields} })`;
    const { start, onEvent, events } = await open({
      onPrompt: [
        say('"one "'),
        say('"two"'),
        call('sessionUpdate: "tool_call", title: "write", status: "pending", rawInput: {}'),
        call('sessionUpdate: "tool_call_update", status: "in_progress", rawInput: { path: "a" }'),
        call('sessionUpdate: "tool_call_update", status: "in_progress", title: null'),
        call(
          'sessionUpdate: "tool_call_update", status: "completed", content: [{ type: "content", content: { type: "text", text: "wrote it" } }]',
        ),
        'update({ sessionUpdate: "of the future", anything: 1 })',
        'write(JSON.stringify({ jsonrpc: "2.0", method: "session/update", params: { sessionId: "s", update: { sessionUpdate: "tool_call", toolCallId: "d" } } }).replace("}}}", ",\\"rawInput\\":" + "[".repeat(50_000) + "]".repeat(50_000) + "}}}"))',
        'notify("_vendor/thing", {})',
        'notify("session/update", "not even an object")',
        END,
        // Agents send updates after their answer, too.
        say('"late"'),
      ].join("; "),
    });
    expect(await (await start()).prompt("Go.", onEvent)).toEqual({ outcome: "done", requests: 0 });
    expect(events).toEqual([
      { type: "text", text: "one two" },
      { type: "tool_call", callId: "c", name: "write", input: { path: "a" } },
      { type: "tool_result", callId: "c", isError: false, output: "wrote it", truncated: false },
      { type: "text", text: "late" },
    ]);
  });

  const ASK = `answers.set("p", (given) => { ${say("given.result.outcome.optionId ?? given.result.outcome.outcome")}; ${END} });
    send({ id: "p", method: "session/request_permission", params: { sessionId: "s", toolCall: { toolCallId: "c", title: "rm -rf" },
      options: [{ optionId: "never", name: "n", kind: "reject_once" }, { optionId: "ever", name: "e", kind: "allow_always" },
        { optionId: "once", name: "o", kind: "allow_once" }] } })`;

  it("is allowed once what it asks for, inside walls, and not without them", async () => {
    const inside = await open({ onPrompt: ASK });
    await (await inside.start()).prompt("Go.", inside.onEvent);
    expect(inside.events).toEqual([
      { type: "notice", text: "it asked before: rm -rf; allowed" },
      { type: "text", text: "once" },
    ]);
    await inside.close();
    const outside = await open({ onPrompt: ASK }, createNoneSandbox());
    await (await outside.start()).prompt("Go.", outside.onEvent);
    expect(outside.events).toEqual([
      { type: "notice", text: "it asked before: rm -rf; refused" },
      { type: "text", text: "never" },
    ]);
  });

  it("gets no files and no terminal of ours, whatever it asks", async () => {
    const { start, onEvent, events } = await open({
      onPrompt: `answers.set("f", ({ error }) => { ${say("String(error.code)")}; ${END} });
        send({ id: "f", method: "fs/read_text_file", params: { sessionId: "s", path: "/etc/passwd" } })`,
    });
    await (await start()).prompt("Go.", onEvent);
    expect(events).toEqual([{ type: "text", text: "-32601" }]);
  });

  it.each([
    ["max_tokens", "max_tokens"],
    ["max_turn_requests", "max_turns"],
    ["refusal", "refusal"],
    ["cancelled", "cancelled"],
    ["of the future", "unknown_stop"],
  ])("ends its turn with %s", async (stopReason, outcome) => {
    const { start, onEvent } = await open({
      onPrompt: `answer(message.id, { stopReason: "${stopReason}" })`,
    });
    expect(await (await start()).prompt("Go.", onEvent)).toMatchObject({ outcome });
  });

  it("that answers with an error has a model that failed, and can be prompted again", async () => {
    const { start, onEvent } = await open({
      onPrompt: `if (prompts === 1) return refuse(message.id, "overloaded"); ${END}`,
    });
    const session = await start();
    const turn = await session.prompt("Go.", onEvent);
    expect(turn).toMatchObject({ outcome: "model_error", message: expect.stringMatching(/overloaded/) });
    expect(await session.prompt("Again.", onEvent)).toMatchObject({ outcome: "done" });
  });
});

describe("an agent that speaks it wrongly", () => {
  it.each<[string, string, RegExp]>([
    ["answers what nobody asked", 'answer("x", {})', /it answered what nobody asked/],
    ["answers twice", `${END}; ${END}`, /it answered what nobody asked/],
    ["writes what is no message", "write('[1,2]')", /something else than a message/],
    ["forgets the protocol's name", 'write(\'{"id":1,"result":{}}\')', /something else than a message/],
    ["neither asks nor answers", "send({ id: 3 })", /neither a request nor an answer/],
    ["asks under an id that is none", 'send({ id: {}, method: "fs/read" })', /something else than a message/],
    ["fails without words", 'send({ id: message.id, error: "no" })', /something else than a message/],
    ["answers with nothing", "answer(message.id, null)", /does not follow the protocol/],
    [
      "asks without reading the answers",
      'process.stdin.pause(); const on = () => { while (process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id: "x".repeat(900), method: "fs/read" }) + "\\n")); }; process.stdout.on("drain", on); on()',
      /does not read the answers/,
    ],
    ["nests without end", "write('['.repeat(100_000))", /something else than a message/],
    ["dies in the middle of a line", "process.stdout.write('{\"jsonrpc\"', () => process.exit(4))", /code 4/],
  ])("is stopped when it %s", async (_, onPrompt, why) => {
    const { start, onEvent } = await open({ onPrompt });
    const session = await start();
    const first = await session.prompt("Go.", onEvent).catch((error: unknown) => error);
    await session.exited;
    // Its turn may have ended before it was seen to be wrong; then it is the next one that fails.
    const failure =
      first instanceof Error ? first : await session.prompt("And?", onEvent).catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: "runtime", message: expect.stringMatching(why) });
  });

  it.each<[string, Script, RegExp]>([
    ["another version", { onInitialize: "answer(message.id, { protocolVersion: 7 })" }, /version 7/],
    ["an error", { onNew: 'refuse(message.id, "log in first")' }, /log in first/],
    ["no session", { onNew: "answer(message.id, {})" }, /could not be started/],
  ])("is not started when it answers with %s", async (_, script, why) => {
    const { start, runtime } = await open(script);
    await expect(start()).rejects.toMatchObject({ reason: "runtime", message: expect.stringMatching(why) });
    expect(runtime.kind).toBe("acp");
  });
});
