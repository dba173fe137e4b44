import { describe, expect, test } from "vitest";
import {
  ask,
  errorOf,
  KEY,
  message,
  MODEL,
  sendMessage,
  sendRaw,
  startGateway,
  startUpstream,
  useGateway,
} from "./spec-support.ts";

const on = useGateway();

describe("a request", () => {
  test("goes on with the real key and without anything of the agent's", async () => {
    const door = await on.open();
    const answer = await ask(door, {
      body: message(),
      headers: {
        "x-api-key": "placeholder",
        authorization: "Bearer placeholder",
        cookie: "a=b",
        "x-forwarded-for": "1.2.3.4",
        "proxy-authorization": "Basic eA==",
        "accept-encoding": "gzip, br",
        "anthropic-version": "2026-10-21",
        "anthropic-beta": ["one-2026-01-01", "two-2026-01-01"],
        "anthropic-user-profile-id": "someone",
        "x-claude-code-session-id": "s1",
      },
    });
    expect(answer.status).toBe(200);
    const { headers } = on.upstream.seen[0] ?? { headers: {} };
    expect(headers).toMatchObject({
      "x-api-key": KEY,
      "accept-encoding": "identity",
      "anthropic-version": "2026-10-21",
      "anthropic-beta": "one-2026-01-01, two-2026-01-01",
      "content-type": "application/json",
      "x-claude-code-session-id": "s1",
    });
    expect(Object.keys(headers).sort().join(" ")).toBe(
      "accept-encoding anthropic-beta anthropic-version connection content-length content-type host x-api-key " +
        "x-claude-code-session-id",
    );
  });

  test("with the key header twice still carries exactly one, ours", async () => {
    const door = await on.open();
    const body = JSON.stringify(message());
    const answer = await sendRaw(
      door,
      "POST /v1/messages HTTP/1.1\r\nHost: x\r\nX-Api-Key: one\r\nx-api-key: two\r\nAuthorization: Bearer a\r\n" +
        `authorization: Bearer b\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    const raw = on.upstream.seen[0]?.rawHeaders ?? [];
    expect(raw.filter((_, index) => raw[index - 1]?.toLowerCase() === "x-api-key")).toEqual([KEY]);
    expect(raw.join("\n").toLowerCase()).not.toContain("authorization");
  });

  test("has its max_tokens clamped, and its second reading taken away", async () => {
    const door = await on.open();
    await ask(door, { body: message({ max_tokens: 1_000_000 }) });
    expect(JSON.parse(on.upstream.seen[0]?.body ?? "")).toMatchObject({ max_tokens: 4000 });
    const twice = `{"model":"claude-opus-5-5","model":"${MODEL}","max_tokens":99999,"max_tokens":5,"messages":[]}`;
    await ask(door, { body: twice });
    expect(on.upstream.seen[1]?.body).toBe(`{"model":"${MODEL}","max_tokens":5,"messages":[]}`);
  });

  test("may be one of four endpoints, with a base URL that has a path of its own", async () => {
    on.upstream = await startUpstream();
    on.gateway = await startGateway({ baseUrl: `${on.upstream.url}/proxy/anthropic/` });
    const door = await on.gateway.open();
    const { max_tokens: _, ...counted } = message() as Record<string, unknown>;
    await ask(door, { path: "/v1/messages?beta=true", body: message() });
    await ask(door, { path: "/v1/messages/count_tokens", body: counted });
    await ask(door, { method: "GET", path: "/v1/models?limit=1" });
    await ask(door, { method: "GET", path: `/v1/models/${MODEL}` });
    expect((await ask(door, { method: "HEAD", path: "/api/hello" })).status).toBe(200);
    expect(on.upstream.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /proxy/anthropic/v1/messages?beta=true",
      "POST /proxy/anthropic/v1/messages/count_tokens",
      "GET /proxy/anthropic/v1/models?limit=1",
      `GET /proxy/anthropic/v1/models/${MODEL}`,
    ]);
  });

  test.each([
    ["GET", "/v1/messages"],
    ["POST", "/v1/messages/batches"],
    ["POST", "/v1/messages/"],
    ["POST", "/v1/messages?beta=true&x=1"],
    ["POST", "/v1/messages?thread=1"],
    ["POST", "/v1/./messages"],
    ["POST", "/v1/x/../messages"],
    ["POST", "//v1/messages"],
    ["POST", "/v1/%6dessages"],
    ["POST", "/v1/messages%2f..%2ffiles"],
    ["POST", "/V1/MESSAGES"],
    ["POST", "http://127.0.0.1:1/v1/messages"],
    ["GET", "/v1/models/../files"],
    ["GET", "/v1/models/%2e%2e/files"],
    ["GET", "/v1/models/.."],
    ["GET", "/v1/models?limit=1&after_id=a/../b"],
    ["GET", "/v1/models?limit=1?x"],
    ["GET", "/v1/files"],
    ["GET", "/v1/organizations/api_keys"],
    ["DELETE", "/v1/models"],
    ["OPTIONS", "*"],
  ])("%s %s is 404 and goes nowhere", async (method, path) => {
    const door = await on.open();
    const raw = await sendRaw(door, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(raw).toMatch(/^HTTP\/1\.1 404 /);
    expect(raw).toContain('"type":"not_found_error"');
    expect(on.upstream.seen).toEqual([]);
  });
});

describe("a request is refused with 403, never 401, and goes nowhere", () => {
  test.each<[string, object]>([
    ["another model", { model: "claude-opus-5-5" }],
    ["no model", { model: undefined }],
    ["a list of models", { model: [MODEL] }],
    ["an MCP server", { mcp_servers: [{ type: "url", url: "https://evil.example", name: "x" }] }],
    ["web search", { tools: [{ type: "web_search_20260318", name: "web_search" }] }],
    ["web fetch", { tools: [{ type: "web_fetch_20260318", name: "web_fetch" }] }],
    ["code execution", { tools: [{ type: "code_execution_20260521", name: "code_execution" }] }],
    ["a container", { container: "c_1" }],
    ["another model's fallback", { fallbacks: [{ model: "claude-opus-5-5" }] }],
    ["a dearer speed", { speed: "fast" }],
    ["a stored thread", { thread: { type: "continue", previous_message_id: "msg_1" } }],
    ["a field that nobody knows", { brand_new: true }],
  ])("because of %s", async (_, change) => {
    const door = await on.open();
    const answer = await ask(door, { body: message(change) });
    expect(answer.status).toBe(403);
    expect(errorOf(answer).type).toBe("permission_error");
    expect(answer.headers["x-should-retry"]).toBe("false");
    expect(on.upstream.seen).toEqual([]);
    expect(on.gateway.ledger.entries).toEqual([]);
  });
});

describe("a request that cannot be read is refused", () => {
  test.each<[string, string]>([
    ["not JSON", "{"],
    ["not an object", "[1]"],
    ["empty", ""],
    ["no max_tokens", JSON.stringify(message({ max_tokens: undefined }))],
    ["max_tokens as text", JSON.stringify(message({ max_tokens: "1000" }))],
    ["a fraction of a token", JSON.stringify(message({ max_tokens: 1.5 }))],
    [
      "nested without end",
      `{"model":"${MODEL}","max_tokens":1,"messages":[],"metadata":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
    ],
  ])("with 400: %s", async (_, body) => {
    const door = await on.open();
    expect((await ask(door, { body })).status).toBe(400);
    expect(on.upstream.seen).toEqual([]);
  });

  test("with 413: too large, announced or not", async () => {
    const door = await on.open(sendMessage, { maxBodyBytes: 2000 });
    const body = JSON.stringify(message({ system: "x".repeat(3000) }));
    const announced = await ask(door, { body, headers: { "content-length": String(body.length) } });
    expect(announced.status).toBe(413);
    expect(errorOf(announced).type).toBe("request_too_large");
    const chunked = await ask(door, { body, headers: { "transfer-encoding": "chunked" } });
    expect(chunked.status).toBe(413);
    expect(on.upstream.seen).toEqual([]);
  });

  test("with 415: compressed", async () => {
    const door = await on.open();
    const answer = await ask(door, { body: message(), headers: { "content-encoding": "gzip" } });
    expect(answer.status).toBe(415);
    expect(on.upstream.seen).toEqual([]);
  });
});

describe("an answer", () => {
  test("comes back with its status and the headers that are for clients", async () => {
    const door = await on.open((response) => {
      response.writeHead(529, {
        "content-type": "application/json",
        "request-id": "req_1",
        "retry-after": "3600",
        "x-should-retry": "true",
        "anthropic-ratelimit-requests-remaining": "7",
        "anthropic-organization-id": "our-organization",
        "set-cookie": "session=1",
      });
      response.end('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}');
    });
    const answer = await ask(door);
    expect(answer.status).toBe(529);
    expect(errorOf(answer)).toEqual({ type: "overloaded_error", message: "Overloaded" });
    expect(answer.headers).toMatchObject({
      "request-id": "req_1",
      "retry-after": "3600",
      "x-should-retry": "true",
      "anthropic-ratelimit-requests-remaining": "7",
    });
    expect(answer.headers).not.toHaveProperty("set-cookie");
    expect(answer.headers).not.toHaveProperty("anthropic-organization-id");
    expect(on.gateway.ledger.entries).toMatchObject([
      { status: 529, inputTokens: 0, outputTokens: 0, costUsd: 0 },
    ]);
  });

  test("that refuses our key is not for the agent: it is told 403, without what the upstream said", async () => {
    const door = await on.open((response, { headers }) => {
      response.writeHead(401, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `invalid key ${String(headers["x-api-key"])}` } }));
    });
    const answer = await ask(door);
    expect(answer.status).toBe(403);
    expect(answer.body).not.toContain(KEY);
    expect(JSON.stringify(on.gateway.logs)).not.toContain(KEY);
    expect(JSON.stringify(on.gateway.ledger.entries)).not.toContain(KEY);
  });

  test("that redirects is not followed", async () => {
    const door = await on.open((response) => {
      response.writeHead(302, { location: "http://169.254.169.254/" }).end();
    });
    const answer = await ask(door);
    expect(answer.status).toBe(502);
    expect(answer.headers).not.toHaveProperty("location");
    expect(on.upstream.seen).toHaveLength(1);
  });

  test("that cannot be had is 502, may be tried again, and costs nothing", async () => {
    const door = await on.open();
    await on.upstream.close();
    const answer = await ask(door);
    expect(answer.status).toBe(502);
    expect(errorOf(answer)).toMatchObject({
      type: "api_error",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    expect(answer.headers["x-should-retry"]).toBe("true");
    expect(on.gateway.ledger.entries).toEqual([]);
    on.upstream = await startUpstream();
  });
});

describe("readiness", () => {
  test("is what the upstream answers, asked with the key and not more than it must be", async () => {
    await on.open();
    expect(await on.gateway.gateway.check()).toEqual({
      ok: true,
      detail: expect.stringMatching(/^127\.0\.0\.1:\d+ answers$/),
    });
    await on.gateway.gateway.check();
    expect(on.upstream.seen).toMatchObject([{ url: "/v1/models?limit=1", headers: { "x-api-key": KEY } }]);
  });

  test("says that the key is refused", async () => {
    await on.open((response) => void response.writeHead(401).end());
    expect(await on.gateway.gateway.check()).toMatchObject({
      ok: false,
      detail: expect.stringContaining("CLAUDE_API_KEY"),
    });
  });

  test("says that nobody answers", async () => {
    await on.open();
    await on.upstream.close();
    expect(await on.gateway.gateway.check()).toMatchObject({
      ok: false,
      detail: expect.stringContaining("ECONNREFUSED"),
    });
    on.upstream = await startUpstream();
  });
});
