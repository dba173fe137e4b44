import Anthropic, { APIUserAbortError } from "@anthropic-ai/sdk";
import { afterEach, describe, expect, test } from "vitest";
import { parseScenario } from "./load-scenario.ts";
import { createReplayServer, type ReplayServer } from "./server.ts";

const servers: ReplayServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const params: Anthropic.MessageCreateParamsNonStreaming = {
  model: "claude-sonnet-5-5",
  max_tokens: 1000,
  messages: [{ role: "user", content: "go" }],
};

async function faulty(fault: string, rest = "say: Fine in the end."): Promise<Anthropic> {
  const text = `name: faulty\ndescription: d\nturns:\n  - steps:\n      - fault: ${fault}\n        ${rest}\n`;
  const server = await createReplayServer({ scenario: parseScenario(text, "inline") });
  servers.push(server);
  return new Anthropic({ baseURL: server.url, apiKey: "placeholder", maxRetries: 0, logLevel: "off" });
}

const failure = async (api: Anthropic): Promise<unknown> =>
  api.messages
    .stream(params)
    .finalMessage()
    .then(
      () => "no failure",
      (error: unknown) => error,
    );

const said = async (api: Anthropic): Promise<unknown> =>
  (await api.messages.stream(params).finalMessage()).content[0];

describe("a scripted fault strikes, and spares the same request when it is sent again:", () => {
  test("a status, with headers", async () => {
    const api = await faulty("{ kind: status, status: 429, headers: { retry-after: '7' }, times: 2 }");
    for (let n = 0; n < 2; n += 1) {
      const error = (await failure(api)) as InstanceType<typeof Anthropic.APIError>;
      expect(error).toMatchObject({ status: 429, type: "rate_limit_error" });
      expect(error.headers?.get("retry-after")).toBe("7");
    }
    expect(await said(api)).toMatchObject({ text: "Fine in the end." });
  });

  test("an overflow", async () => {
    const api = await faulty("{ kind: overflow }");
    expect(await failure(api)).toMatchObject({
      status: 400,
      apiMessage: expect.stringContaining("prompt is too long"),
    });
    expect(await said(api)).toMatchObject({ text: "Fine in the end." });
  });

  test("an error in the stream", async () => {
    const api = await faulty("{ kind: stream_error }");
    expect(await failure(api)).toMatchObject({ status: undefined, type: "overloaded_error" });
    expect(await said(api)).toMatchObject({ text: "Fine in the end." });
  });

  test.each([0, 1, 300, 1_000_000])("a cut after %i bytes", async (bytes) => {
    const api = await faulty(`{ kind: cut, bytes: ${bytes} }`);
    expect(await failure(api)).toBeInstanceOf(Error);
    expect(await said(api)).toMatchObject({ text: "Fine in the end." });
  });

  test("garbage", async () => {
    const api = await faulty("{ kind: garbage }");
    expect(await failure(api)).toBeInstanceOf(Error);
    expect(await said(api)).toMatchObject({ text: "Fine in the end." });
  });
});

describe("other faults", () => {
  test("a stop reason of one's own", async () => {
    const api = await faulty("{ kind: overflow }", "stop: max_tokens");
    await failure(api);
    expect((await api.messages.stream(params).finalMessage()).stop_reason).toBe("max_tokens");
  });

  test("a slow answer is whole in the end", async () => {
    const api = await faulty("{ kind: drip, bytes: 100, everyMs: 1 }");
    expect(await said(api)).toMatchObject({ text: "Fine in the end." });
  });

  test("an answer without usage", async () => {
    const api = await faulty("{ kind: no_usage }");
    const answer = await api.messages.create(params);
    expect(answer.usage).toBeUndefined();
  });

  test.each(["headers", "stream"])(
    "a hang at the %s lasts until the client gives up or the server closes",
    async (at) => {
      const api = await faulty(`{ kind: hang, at: ${at}, times: always }`);
      const stop = new AbortController();
      const aborted = api.messages.stream(params, { signal: stop.signal }).finalMessage();
      const dropped = failure(api);
      stop.abort();
      await expect(aborted).rejects.toBeInstanceOf(APIUserAbortError);
      await servers[0]?.close();
      expect(await dropped).toBeInstanceOf(Error);
    },
  );

  test("two conversations do not share a count", async () => {
    const api = await faulty("{ kind: status, status: 529 }");
    const other = { ...params, messages: [{ role: "user" as const, content: "another" }] };
    await expect(api.messages.create(params)).rejects.toMatchObject({ status: 529 });
    await expect(api.messages.create(other)).rejects.toMatchObject({ status: 529 });
    await expect(api.messages.create(params)).resolves.toBeDefined();
    await expect(api.messages.create(other)).resolves.toBeDefined();
  });
});
