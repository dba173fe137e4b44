import { rm, mkdtemp } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { afterEach, describe, expect, test } from "vitest";
import { parseScenario } from "./load-scenario.ts";
import { createReplayServer, type ReplayServer } from "./server.ts";

const servers: ReplayServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(scenario: string): Promise<ReplayServer> {
  const parsed = scenario.includes("\n") ? parseScenario(scenario, "inline") : scenario;
  const server = await createReplayServer({ scenario: parsed });
  servers.push(server);
  return server;
}

const client = (server: ReplayServer, maxRetries = 0): Anthropic =>
  new Anthropic({ baseURL: server.url, apiKey: "placeholder", maxRetries, logLevel: "off" });

const tool = (name: string): Anthropic.Tool => ({ name, input_schema: { type: "object" } });
const TOOLS = ["bash", "read", "write", "edit", "glob", "grep"].map(tool);
const ask = (text: string): Anthropic.MessageCreateParamsNonStreaming => ({
  model: "claude-sonnet-5-5",
  max_tokens: 1000,
  tools: TOOLS,
  messages: [{ role: "user", content: text }],
});

const TWO_TURNS = `name: two
description: d
turns:
  - steps:
      - say: Looking.
        tools: [{ bash: ls, as: listing }, { read: { path: a.ts, from: 2, to: 4 } }]
      - say: "I saw {{result:listing}}"
  - steps: [{ say: "Prompt {{prompt}}" }]
`;

describe("the scripted model, asked by the SDK", () => {
  test("streams a whole conversation, whose place follows from its messages alone", async () => {
    const api = client(await serve(TWO_TURNS));
    const first = await api.messages.stream(ask("go")).finalMessage();
    expect(first.stop_reason).toBe("tool_use");
    expect(first.content).toMatchObject([
      { type: "text", text: "Looking." },
      { type: "tool_use", name: "bash", input: { command: "ls" } },
      { type: "tool_use", name: "read", input: { file_path: "a.ts", view_range: [2, 4] } },
    ]);
    const results = first.content
      .filter((block) => block.type === "tool_use")
      .map((block) => ({
        type: "tool_result" as const,
        tool_use_id: block.id,
        content: `result of ${block.name}`,
      }));
    const messages: Anthropic.MessageParam[] = [
      { role: "user", content: "go" },
      { role: "assistant", content: first.content },
      { role: "user", content: results },
    ];
    const second = await api.messages.stream({ ...ask(""), messages }).finalMessage();
    expect(second.content).toMatchObject([{ type: "text", text: "I saw result of bash" }]);
    messages.push({ role: "assistant", content: second.content }, { role: "user", content: "and now?" });
    const third = await api.messages.create({ ...ask(""), messages });
    expect(third.content).toMatchObject([{ type: "text", text: "Prompt 2" }]);
    messages.push({ role: "assistant", content: third.content }, { role: "user", content: "more?" });
    const beyond = await api.messages.create({ ...ask(""), messages });
    expect(beyond.content).toMatchObject([{ type: "text", text: "There is nothing left to do." }]);
  });

  test("gives the same ids and the same usage every time, streamed or not", async () => {
    const api = client(await serve(TWO_TURNS));
    const streamed = await api.messages.stream(ask("go")).finalMessage();
    const plain = await api.messages.create(ask("go"));
    expect(streamed.id).toBe(plain.id);
    expect(streamed.content).toEqual(plain.content);
    expect(streamed.usage).toMatchObject(plain.usage);
    expect(plain.usage.input_tokens).toBeGreaterThan(50);
    const longer = await api.messages.create(ask(`go ${"x".repeat(4000)}`));
    expect(longer.usage.input_tokens - plain.usage.input_tokens).toBeGreaterThan(990);
  });

  test("ends with a repeated last turn when the scenario says so", async () => {
    const api = client(await serve("never-repaired"));
    const prompts = [1, 2, 3].flatMap((n): Anthropic.MessageParam[] => [
      { role: "user", content: `prompt ${n}` },
      ...(n < 3 ? [{ role: "assistant" as const, content: "done" }] : []),
    ]);
    const answer = await api.messages.create({ ...ask(""), messages: prompts });
    expect(JSON.stringify(answer.content)).toContain("Attempt 3.");
  });

  test("speaks the names of the tools it is offered, and of their inputs", async () => {
    const api = client(
      await serve(
        "name: w\ndescription: d\nturns: [{ steps: [{ tools: [{ write: { path: a, content: b } }] }] }]",
      ),
    );
    const named = async (...names: string[]): Promise<unknown> =>
      (await api.messages.create({ ...ask("go"), tools: names.map(tool) })).content[0];
    expect(await named("Bash", "Write")).toMatchObject({
      name: "Write",
      input: { file_path: "a", content: "b" },
    });
    expect(await named("bash", "str_replace_based_edit_tool")).toMatchObject({
      name: "str_replace_based_edit_tool",
      input: { command: "create", path: "a", file_text: "b" },
    });
    const properties = { filePath: {}, content: {}, description: {} };
    const schema = { type: "object" as const, properties, required: ["filePath", "description"] };
    const tools = [{ name: "write", input_schema: schema }];
    expect((await api.messages.create({ ...ask("go"), tools })).content[0]).toMatchObject({
      input: { filePath: "a", content: "b", description: expect.any(String) },
    });
    await expect(named("bash")).rejects.toThrow(/needs a tool for 'write'; the request offers bash/);
  });

  test("answers in words when no tool is offered, and takes the scenario a prompt names", async () => {
    const api = client(await serve("nothing-changed"));
    const { tools: _, ...toolless } = ask("Give this conversation a title");
    expect((await api.messages.create(toolless)).content).toMatchObject([{ type: "text" }]);
    const chosen = await api.messages.create(ask("Do it. [scenario: refusal]"));
    expect(chosen.stop_reason).toBe("refusal");
    await expect(api.messages.create(ask("[scenario: nope]"))).rejects.toMatchObject({ status: 400 });
  });

  test("lists models and counts tokens", async () => {
    const api = client(await serve("tour"));
    expect((await api.models.list()).data.map((model) => model.id)).toEqual(["claude-sonnet-5-5"]);
    expect((await api.models.retrieve("claude-sonnet-5-5")).id).toBe("claude-sonnet-5-5");
    await expect(api.models.retrieve("other")).rejects.toMatchObject({ status: 404 });
    const { max_tokens: _, ...counted } = ask("go");
    const { input_tokens } = await api.messages.countTokens(counted);
    expect(input_tokens).toBe((await api.messages.create(ask("go"))).usage.input_tokens);
  });
});

describe("a request that the Messages API would refuse", () => {
  const refused = async (change: object): Promise<unknown> => {
    const api = client(await serve("tour"));
    return api.messages.create({ ...ask("go"), ...change }).then(
      () => "accepted",
      (error: unknown) => (error as Error).message,
    );
  };
  const call: Anthropic.MessageParam = {
    role: "assistant",
    content: [{ type: "tool_use", id: "toolu_1", name: "bash", input: {} }],
  };
  const user: Anthropic.MessageParam = { role: "user", content: "go" };

  test("has no max_tokens", async () =>
    expect(await refused({ max_tokens: undefined })).toMatch(/^400 .*max_tokens/));
  test("has no messages", async () => expect(await refused({ messages: [] })).toMatch(/^400 .*messages/));
  test("starts with the assistant", async () =>
    expect(await refused({ messages: [call] })).toMatch(/^400 .*first/));
  test("leaves a tool call unanswered", async () =>
    expect(await refused({ messages: [user, call, user] })).toMatch(/^400 .*without `tool_result`.*toolu_1/));
  test("answers a call that was not made", async () => {
    const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_2", content: "" }] };
    expect(await refused({ messages: [user, result] })).toMatch(/^400 .*toolu_2 answers no/);
  });
});

describe("the server", () => {
  test("wants a key, in either header, and ignores fields and betas it does not know", async () => {
    const { url } = await serve("tour");
    const body = JSON.stringify({ ...ask("go"), weather: "fine" });
    const post = async (headers: Record<string, string>): Promise<Response> =>
      fetch(`${url}/v1/messages?beta=true`, { method: "POST", body, headers });
    expect((await post({})).status).toBe(401);
    expect((await post({ "x-api-key": "k" })).status).toBe(200);
    expect((await post({ authorization: "Bearer k", "anthropic-beta": "made-up-2030-01-01" })).status).toBe(
      200,
    );
  });

  test("greets, and knows no other path", async () => {
    const { url } = await serve("tour");
    expect((await fetch(`${url}/api/hello`, { method: "HEAD" })).status).toBe(200);
    expect((await fetch(`${url}/v1/files`, { headers: { "x-api-key": "k" } })).status).toBe(404);
    const nonsense = await fetch(`${url}/v1/messages`, {
      method: "POST",
      body: "{",
      headers: { "x-api-key": "k" },
    });
    expect(nonsense.status).toBe(400);
  });

  test("listens on a unix socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "replay-"));
    const socketPath = join(folder, "s");
    servers.push(await createReplayServer({ scenario: "tour", socketPath }));
    const status = await new Promise((resolve, reject) => {
      request({ socketPath, path: "/api/hello", method: "HEAD" }, (answer) => resolve(answer.statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
    await servers.pop()?.close();
    await rm(folder, { recursive: true });
  });
});
