import { text } from "node:stream/consumers";
import { DEFAULT_PRICES } from "@mosaic/domain";
import { describe, expect, test } from "vitest";
import {
  ask,
  begin,
  errorOf,
  message,
  MODEL,
  sendEvent,
  sendMessage,
  startGateway,
  startUpstream,
  useGateway,
} from "./spec-support.ts";

const on = useGateway();

const STARTED = {
  message: {
    usage: {
      input_tokens: 100,
      output_tokens: 1,
      cache_creation_input_tokens: 30,
      cache_read_input_tokens: 400,
      cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 10 },
    },
  },
};
const ended = (usage: object): object => ({ delta: { stop_reason: "end_turn" }, usage });

/** The body that really went upstream, whose size an estimate follows from. */
const sentBytes = (): number => Buffer.byteLength(on.upstream.seen[0]?.body ?? "");

describe("a streamed answer", () => {
  test("is counted by class from its first and last word, and priced", async () => {
    const door = await on.open((response) => {
      sendEvent(response, "message_start", STARTED);
      sendEvent(response, "message_delta", { delta: { stop_reason: null }, usage: { output_tokens: 7 } });
      sendEvent(
        response,
        "message_delta",
        ended({ output_tokens: 50, input_tokens: null, cache_read_input_tokens: 401 }) as never,
      );
      sendEvent(response, "message_stop");
      response.end();
    });
    expect((await ask(door, { body: message({ stream: true }) })).status).toBe(200);
    const tokens = {
      inputTokens: 100,
      outputTokens: 50,
      cacheWrite5mTokens: 20,
      cacheWrite1hTokens: 10,
      cacheReadTokens: 401,
    };
    const costUsd = (100 * 2 + 50 * 10 + 20 * 2.5 + 10 * 4 + 401 * 0.1) / 1_000_000;
    expect(on.gateway.ledger.entries).toEqual([
      {
        agentId: "agent-1",
        taskId: "task-of-agent-1",
        requestId: expect.stringMatching(/^gw_/),
        model: MODEL,
        status: 200,
        ...tokens,
        costUsd,
        priceVersion: DEFAULT_PRICES.version,
        at: "2026-11-20T00:00:00.000Z",
        complete: true,
      },
    ]);
    expect(on.gateway.usage).toEqual([
      { requestId: expect.any(String), model: MODEL, status: 200, ...tokens, costUsd },
    ]);
  });

  test("is in the ledger before the agent can know that it is whole", async () => {
    const finish = Promise.withResolvers<() => void>();
    const door = await on.open((response) => {
      sendEvent(response, "message_start", STARTED);
      finish.resolve(() => {
        sendEvent(response, "message_delta", ended({ output_tokens: 9 }) as never);
        sendEvent(response, "message_stop");
        response.end();
      });
    });
    const answer = await begin(door, { body: message({ stream: true }) });
    expect(on.gateway.ledger.entries).toEqual([]);
    (await finish.promise)();
    let recordedAtItsEnd = -1;
    for await (const chunk of answer.setEncoding("utf8")) {
      if (String(chunk).includes("message_delta")) recordedAtItsEnd = on.gateway.ledger.entries.length;
    }
    expect(recordedAtItsEnd).toBe(1);
    expect(on.gateway.ledger.entries).toMatchObject([{ outputTokens: 9, complete: true }]);
  });

  test("includes what the API did on the side", async () => {
    const door = await on.open((response) => {
      sendEvent(response, "message_start", STARTED);
      const iterations = [
        { type: "compaction", input_tokens: 1000, output_tokens: 200, cache_read_input_tokens: 3 },
        { type: "message", input_tokens: 100, output_tokens: 9 },
      ];
      sendEvent(response, "message_delta", ended({ output_tokens: 9, iterations }) as never);
      response.end();
    });
    await ask(door, { body: message({ stream: true }) });
    expect(on.gateway.ledger.entries).toMatchObject([
      { inputTokens: 1100, outputTokens: 209, cacheReadTokens: 403 },
    ]);
  });

  test("may come in any pieces", async () => {
    const door = await on.open((response) => {
      const events = [
        `event: message_start\r\ndata: ${JSON.stringify({ type: "message_start", ...STARTED })}\r\n\r\n`,
        `event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"€😀 \\"usage\\":{}"}}\n\n`,
        `event: message_delta\ndata: ${JSON.stringify({ type: "message_delta", ...ended({ output_tokens: 5 }) })}\n\n`,
      ];
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      for (const byte of Buffer.from(events.join(""))) response.write(Buffer.from([byte]));
      response.end();
    });
    const { body } = await ask(door, { body: message({ stream: true }) });
    expect(body).toContain("€😀");
    expect(on.gateway.ledger.entries).toMatchObject([{ inputTokens: 100, outputTokens: 5, complete: true }]);
  });
});

describe("usage that stays unknown is estimated, never zero:", () => {
  test("an answer without any", async () => {
    const door = await on.open((response, request) => sendMessage(response, request, null));
    await ask(door);
    const cacheWrite5mTokens = Math.ceil(sentBytes() / 3);
    expect(cacheWrite5mTokens).toBeGreaterThan(10);
    // As dear as input can be, and all of max_tokens: what was held for it.
    const costUsd = (cacheWrite5mTokens * 2.5 + 1000 * 10) / 1_000_000;
    expect(on.gateway.ledger.entries).toMatchObject([
      { cacheWrite5mTokens, outputTokens: 1000, costUsd, complete: false },
    ]);
  });

  test.each([
    { input_tokens: -5, output_tokens: 5 },
    { input_tokens: "9", output_tokens: 5 },
    { output_tokens: 5 },
  ])("an answer with nonsense: %o", async (usage) => {
    const door = await on.open((response, request) => sendMessage(response, request, usage));
    await ask(door);
    const cacheWrite5mTokens = Math.ceil(sentBytes() / 3);
    expect(on.gateway.ledger.entries).toMatchObject([
      { inputTokens: 0, cacheWrite5mTokens, outputTokens: 1000, complete: false },
    ]);
  });

  test("a stream that breaks off, by what was seen of it", async () => {
    const door = await on.open((response) => {
      sendEvent(response, "message_start", STARTED);
      sendEvent(response, "content_block_start", { index: 0, content_block: { type: "text", text: "" } });
      sendEvent(response, "content_block_delta", {
        index: 0,
        delta: { type: "text_delta", text: "x".repeat(40) },
      });
      response.write("event: content_block_del", () => response.destroy());
    });
    const answer = await begin(door, { body: message({ stream: true }) });
    await expect(text(answer)).rejects.toThrow("aborted");
    // 40 bytes that were seen, and 100 for the frame of one block.
    expect(on.gateway.ledger.entries).toMatchObject([
      { inputTokens: 100, outputTokens: 140, cacheReadTokens: 400, complete: false },
    ]);
  });

  test.each([
    ["before any of its content", []],
    ["while it thinks", [["content_block_start", { index: 0, content_block: { type: "thinking" } }]]],
  ] as [string, [string, object][]][])("a stream that breaks off %s, by its limit", async (_, events) => {
    const door = await on.open((response) => {
      sendEvent(response, "message_start", STARTED);
      for (const [type, data] of events) sendEvent(response, type, data as never);
      response.write(": ping\n\n", () => response.destroy());
    });
    const answer = await begin(door, { body: message({ stream: true }) });
    await expect(text(answer)).rejects.toThrow("aborted");
    expect(on.gateway.ledger.entries).toMatchObject([
      { inputTokens: 100, outputTokens: 1000, complete: false },
    ]);
  });

  test("a stream that ends with an error", async () => {
    const door = await on.open((response) => {
      sendEvent(response, "message_start", STARTED);
      sendEvent(response, "error", { error: { type: "overloaded_error", message: "Overloaded" } });
      response.end();
    });
    await ask(door, { body: message({ stream: true }) });
    expect(on.gateway.ledger.entries).toMatchObject([
      { inputTokens: 100, outputTokens: 1000, complete: false },
    ]);
  });

  test("a request whose connection breaks before any answer", async () => {
    const door = await on.open((response) => void response.destroy());
    expect((await ask(door)).status).toBe(502);
    expect(on.gateway.ledger.entries).toMatchObject([{ status: 502, outputTokens: 1000, complete: false }]);
  });

  test.each([502, 504])(
    "an answer of something in between that may have asked the API: %s",
    async (status) => {
      const door = await on.open((response) => void response.writeHead(status).end());
      expect((await ask(door)).status).toBe(status);
      expect(on.gateway.ledger.entries).toMatchObject([{ status, outputTokens: 1000, complete: false }]);
    },
  );

  test.each([400, 404, 413, 500, 503])("but not a refusal by the API: %s", async (status) => {
    const door = await on.open((response) => void response.writeHead(status).end());
    expect((await ask(door)).status).toBe(status);
    expect(on.gateway.ledger.entries).toMatchObject([{ status, costUsd: 0, complete: true }]);
  });

  test("an answer that could not be read", async () => {
    const door = await on.open((response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end("…");
    });
    expect((await ask(door)).status).toBe(502);
    expect(on.gateway.ledger.entries).toMatchObject([{ outputTokens: 1000, complete: false }]);
  });
});

describe("counting tokens and listing models", () => {
  test("cost nothing and leave no entry", async () => {
    const door = await on.open((response) => {
      response.writeHead(200, { "content-type": "application/json" }).end('{"input_tokens":5}');
    });
    await ask(door, { path: "/v1/messages/count_tokens", body: message() });
    await ask(door, { method: "GET", path: "/v1/models" });
    expect(on.gateway.ledger.entries).toEqual([]);
  });
});

describe("while the ledger cannot be written", () => {
  test("nothing more is spent, and what was spent is recorded when it can be", async () => {
    const door = await on.open(sendMessage);
    on.gateway.ledger.broken = true;
    expect((await ask(door)).status).toBe(200);
    const refused = await ask(door);
    expect(refused.status).toBe(503);
    expect(errorOf(refused).message).toMatch(/cannot be recorded/);
    expect(on.upstream.seen).toHaveLength(1);
    on.gateway.ledger.broken = false;
    expect((await ask(door)).status).toBe(200);
    expect(on.gateway.ledger.entries).toHaveLength(2);
  });
});

describe("while the ledger is away, and others could reach it", () => {
  test("requests wait for it, are sent when it is back, and are recorded once", async () => {
    on.upstream = await startUpstream(sendMessage);
    on.gateway = await startGateway({ patienceMs: 60_000, baseUrl: on.upstream.url });
    const door = await on.gateway.open();
    on.gateway.ledger.away = true;
    const asked = ask(door);
    await on.gateway.ledger.asked();
    expect(on.upstream.seen).toEqual([]);
    on.gateway.ledger.away = false;
    expect((await asked).status).toBe(200);
    expect(on.gateway.ledger.entries).toHaveLength(1);
  });
});

describe("the scripted model", () => {
  test("is behind the same gateway, says so, and is metered the same way", async () => {
    on.upstream = await startUpstream();
    on.gateway = await startGateway({ replayScenario: "nothing-changed" });
    expect(on.gateway.gateway).toMatchObject({
      scripted: true,
      upstream: "scripted model (replay:nothing-changed)",
    });
    expect(await on.gateway.gateway.check()).toMatchObject({ ok: true });
    const door = await on.gateway.open();
    const { status, body } = await ask(door, { body: message({ stream: true }) });
    expect(status).toBe(200);
    expect(body).toContain("event: message_stop");
    expect(on.gateway.ledger.entries).toMatchObject([
      { complete: true, requestId: expect.stringMatching(/^req_/) },
    ]);
    expect(on.gateway.ledger.entries[0]?.inputTokens).toBeGreaterThan(0);
  });

  test("that does not exist stops the start, with the names there are", async () => {
    on.upstream = await startUpstream();
    on.gateway = await startGateway();
    await expect(startGateway({ replayScenario: "nope" })).rejects.toThrow(
      /no scenario 'nope'; there are: .*tour/,
    );
  });
});
