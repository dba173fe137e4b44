import { ProblemError, type SpawnRequest } from "@mosaic/contracts";
import { connect } from "node:net";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { bearer, buildServer, jsonBody, routes, send, type TestServer } from "./support.ts";

const AGENT = "0190c9a4-7e5b-4c3a-8f00-000000000001";
const REQUEST = {
  taskId: "t1",
  agentType: "worker",
  context: { repository: "https://git.example/a.git", branch: "main", workItems: ["fix it"] },
} satisfies SpawnRequest;

let test: TestServer;
let port: number;
let spawned: unknown[];
let answerSpawn: () => { agentId: string; status: "spawning"; secret?: string };

async function start(options: Parameters<typeof buildServer>[0] = {}): Promise<void> {
  spawned = [];
  answerSpawn = () => ({ agentId: AGENT, status: "spawning" });
  test = buildServer({ bodyLimitBytes: 2000, ...options });
  const { spawnAgent, listAgents, getAgentStatus, killAll, pauseQueue, checkQuality } = routes;
  test.server.mount(
    { spawnAgent, listAgents, getAgentStatus, killAll, pauseQueue, checkQuality },
    {
      spawnAgent: ({ body }) => {
        spawned.push(body);
        return answerSpawn();
      },
      listAgents: ({ query }) => {
        spawned.push(query);
        return { items: [], nextCursor: null };
      },
      getAgentStatus: ({ params }) => ({
        agentId: params.agentId,
        taskId: "t1",
        status: "running",
        spawnedAt: "2026-01-01T00:00:00.000Z",
      }),
      killAll: ({ body }) => {
        spawned.push(body);
        return { message: "", total: 0, killed: 0, failed: 0, errors: [], receipts: [], silent: [] };
      },
      pauseQueue: () => ({ paused: true }),
      checkQuality: () => {
        throw new ProblemError("sandbox_unavailable", "bubblewrap is missing", { retryAfter: 7.2 });
      },
    },
  );
  ({ port } = await test.server.listen({ host: "127.0.0.1", port: 0 }));
}

beforeEach(() => start());

const spawn = (body: unknown) =>
  send(port, {
    method: "POST",
    path: "/agents/spawn",
    headers: jsonBody(test.tokens.spawn),
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

/** Writes `text` on a bare connection and answers with everything that came back until it was closed. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    onTestFinished(() => void socket.destroy());
    let received = "";
    socket.setEncoding("utf8").on("data", (part: string) => (received += part));
    socket.on("close", () => resolve(received)).on("error", reject);
  });
}

describe("a valid request", () => {
  it("reaches the handler parsed and is answered as the route says", async () => {
    const answer = await spawn(REQUEST);
    expect(answer.status).toBe(202);
    expect(answer.json).toEqual({ agentId: AGENT, status: "spawning" });
    expect(spawned).toEqual([REQUEST]);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
  });

  it("gets no field that the contract does not name", async () => {
    answerSpawn = () => ({ agentId: AGENT, status: "spawning", secret: "internal" });
    expect((await spawn(REQUEST)).json).toEqual({ agentId: AGENT, status: "spawning" });
  });

  it("may leave out a body that is optional, and may repeat a query parameter", async () => {
    const headers = bearer(test.tokens.admin);
    expect((await send(port, { method: "POST", path: "/agents/kill-all", headers })).status).toBe(200);
    expect((await send(port, { path: "/agents?status=running&status=failed&limit=5", headers })).status).toBe(
      200,
    );
    expect(spawned).toEqual([undefined, { status: ["running", "failed"], limit: 5 }]);
  });

  it("may ask with HEAD", async () => {
    const answer = await send(port, { method: "HEAD", path: "/agents", headers: bearer(test.tokens.read) });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe("");
  });
});

describe("an invalid request", () => {
  it("is told everything that is wrong at once, by JSON pointer, and reaches no handler", async () => {
    const answer = await spawn({
      ...REQUEST,
      taskId: "../etc",
      agentTyp: "worker",
      context: { repository: 1, branch: "main", workItems: [" "] },
    });
    expect(answer.status).toBe(400);
    expect(answer.json.code).toBe("invalid_request");
    const errors = Object.fromEntries((answer.json.errors ?? []).map((e) => [e.pointer, e.detail]));
    expect(Object.keys(errors)).toEqual(["/taskId", "/context/repository", "/context/workItems/0", ""]);
    expect(errors[""]).toContain("agentTyp");
    expect(answer.json.detail).toContain("/taskId must be 1 to 64");
    expect(spawned).toEqual([]);
  });

  it.each([
    ["unknown_agent_type", { ...REQUEST, agentType: "boss" }],
    ["unknown_gate_profile", { ...REQUEST, gateProfile: "lax" }],
    ["empty_work_items", { ...REQUEST, context: { ...REQUEST.context, workItems: [] } }],
    ["empty_work_items", { ...REQUEST, context: { ...REQUEST.context, workItems: undefined } }],
    ["invalid_request", { ...REQUEST, context: { ...REQUEST.context, workItems: "fix it" } }],
    ["invalid_request", { ...REQUEST, context: { ...REQUEST.context, workItems: [""] } }],
    ["invalid_request", { ...REQUEST, context: { ...REQUEST.context, workItems: Array(51).fill("x") } }],
    ["invalid_repository", { ...REQUEST, context: { ...REQUEST.context, repository: "" } }],
    ["invalid_branch", { ...REQUEST, context: { ...REQUEST.context, branch: "-x" } }],
    ["invalid_request", { ...REQUEST, context: undefined }],
    ["invalid_request", { ...REQUEST, taskId: "", agentType: "boss" }],
    ["invalid_request", []],
    ["invalid_request", null],
  ])("gets the code %s by its first wrong field", async (code, body) => {
    const answer = await spawn(body);
    expect(answer.status).toBe(400);
    expect(answer.json.code).toBe(code);
    expect(answer.json.errors?.length).toBeGreaterThan(0);
    expect(spawned).toEqual([]);
  });

  it("names unknown query parameters and bad path parameters under their place", async () => {
    const headers = bearer(test.tokens.read);
    const query = await send(port, { path: "/agents?limit=0&statu=running", headers });
    expect(query.json.errors?.map((error) => error.pointer)).toEqual(["/query/limit", "/query"]);
    const params = await send(port, { path: "/agents/not-an-id/status", headers });
    expect(params.json).toMatchObject({ code: "invalid_request", errors: [{ pointer: "/params/agentId" }] });
  });

  it.each([
    ["not JSON", "{"],
    ["a prototype key", '{"__proto__": {"admin": true}}'],
    ["a constructor key", '{"constructor": {"prototype": {"admin": true}}}'],
  ])("gets invalid_json for %s", async (_, body) => {
    const answer = await spawn(body);
    expect(answer.status).toBe(400);
    expect(answer.json.code).toBe("invalid_json");
  });

  it("survives nesting as deep as the body limit allows", async () => {
    expect((await spawn("[".repeat(900) + "]".repeat(900))).json.code).toBe("invalid_request");
  });

  it("gets 400 when the body is empty, or comes where none is expected", async () => {
    expect((await spawn("")).json).toMatchObject({ code: "invalid_request", status: 400 });
    const answer = await send(port, {
      method: "POST",
      path: "/queue/pause",
      headers: jsonBody(test.tokens.admin),
      body: '{"paused":false}',
    });
    expect(answer.json).toMatchObject({
      code: "invalid_request",
      detail: expect.stringContaining("send none"),
    });
  });

  it("gets 415 for a body that is not JSON, or does not say what it is", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json-patch+json"]) {
      const answer = await send(port, {
        method: "POST",
        path: "/agents/spawn",
        headers: { ...bearer(test.tokens.spawn), "content-type": type },
        body: JSON.stringify(REQUEST),
      });
      expect(answer.json).toMatchObject({ code: "unsupported_media_type", status: 415 });
    }
    const silent = await send(port, {
      method: "POST",
      path: "/agents/spawn",
      headers: bearer(test.tokens.spawn),
      body: JSON.stringify(REQUEST),
    });
    expect(silent.status).toBe(415);
  });

  it("gets 413 for a body over the limit, announced or not", async () => {
    const announced = await spawn({ ...REQUEST, taskId: "x".repeat(3000) });
    expect(announced.json).toMatchObject({ code: "body_too_large", status: 413 });
    const head = `POST /agents/spawn HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${test.tokens.spawn}\r\n`;
    const chunk = `bb8\r\n${"x".repeat(3000)}\r\n0\r\n\r\n`;
    const streamed = await raw(
      `${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${chunk}`,
    );
    expect(streamed).toContain("HTTP/1.1 413");
  });

  it("gets 404 for an unknown path and 405 with Allow for a known one", async () => {
    expect((await send(port, { path: "/agents/x/y/z" })).json).toMatchObject({
      code: "not_found",
      status: 404,
    });
    const wrong = await send(port, { method: "DELETE", path: `/agents/${AGENT}/status?x=1` });
    expect(wrong.json).toMatchObject({ code: "method_not_allowed", status: 405 });
    expect(wrong.headers["allow"]).toBe("GET, HEAD");
    expect((await send(port, { path: "/agents/spawn" })).headers["allow"]).toBe("POST");
  });

  it("gets 400 for a URL that cannot be decoded or is too long", async () => {
    const headers = bearer(test.tokens.read);
    expect((await send(port, { path: "/agents/%zz/status", headers })).json.code).toBe("invalid_request");
    const long = await send(port, { path: `/agents/${"a".repeat(300)}/status`, headers });
    expect(long.json.code).toBe("invalid_request");
  });
});

describe("what is not even a request", () => {
  it("gets 431 for huge headers", async () => {
    expect(
      await raw(`GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`),
    ).toMatch(/^HTTP\/1\.1 431 .*\r\ncontent-type: application\/problem\+json/);
  });

  it("gets 400 for garbage, and 421 without a Host", async () => {
    expect(await raw("\x00\x01\x02garbage\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw("GET /agents HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw("GET /agents HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 421 /);
    expect(await raw("GET /agents HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 421 /,
    );
  });

  it("gets 408 when headers or body never end", async () => {
    await start({ headersTimeoutMs: 200, requestTimeoutMs: 400 });
    expect(await raw("GET /health HTTP/1.1\r\nHost: localhost\r\n")).toMatch(/^HTTP\/1\.1 408 /);
    const slow = await raw(
      `POST /agents/spawn HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${test.tokens.spawn}\r\n` +
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    expect(slow).toMatch(/^HTTP\/1\.1 408 /);
    expect(spawned).toEqual([]);
  });
});

describe("a failure", () => {
  it("that is a problem keeps its code and tells when to try again", async () => {
    const answer = await send(port, {
      method: "POST",
      path: "/api/quality/check",
      headers: jsonBody(test.tokens.spawn),
      body: JSON.stringify({
        taskId: "t1",
        agentId: AGENT,
        files: [],
        diffSummary: "",
        mirror: "/m",
        commit: "a".repeat(40),
        base: "b".repeat(40),
        phase: "pre-commit",
        profile: "minimal",
      }),
    });
    expect(answer.json).toMatchObject({
      code: "sandbox_unavailable",
      status: 503,
      detail: "bubblewrap is missing",
    });
    expect(answer.headers["retry-after"]).toBe("8");
  });

  it("that is a bug is a 500 without details, which the log has", async () => {
    answerSpawn = () => {
      throw new TypeError("cannot read /etc/shadow");
    };
    const answer = await spawn(REQUEST);
    expect(answer.json).toMatchObject({ code: "internal", status: 500 });
    expect(answer.text).not.toContain("shadow");
    expect(test.logs).toContainEqual(
      expect.objectContaining({
        level: "error",
        requestId: answer.headers["x-request-id"],
        err: expect.objectContaining({ message: "cannot read /etc/shadow" }),
      }),
    );
  });

  it("to keep the contract is a 500 as well", async () => {
    answerSpawn = () => ({ agentId: "not-a-uuid", status: "spawning" });
    expect((await spawn(REQUEST)).json).toMatchObject({ code: "internal", status: 500 });
  });
});
