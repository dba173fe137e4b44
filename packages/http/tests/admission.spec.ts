import { beforeEach, describe, expect, it } from "vitest";
import { bearer, buildServer, jsonBody, routes, send, type TestServer } from "./support.ts";

const AGENT = "0190c9a4-7e5b-7c3a-8f00-000000000001";
const status = {
  agentId: AGENT,
  taskId: "t1",
  status: "running" as const,
  spawnedAt: "2026-01-01T00:00:00.000Z",
};

let test: TestServer;
let port: number;
let handled: string[];

async function start(options: Parameters<typeof buildServer>[0] = {}): Promise<void> {
  handled = [];
  test = buildServer(options);
  const { health, getAgentStatus, killAll, pauseQueue } = routes;
  test.server.mount(
    { health, getAgentStatus, killAll, pauseQueue },
    {
      health: () => ({ status: "healthy", uptime: 1, timestamp: "2026-01-01T00:00:00.000Z" }),
      getAgentStatus: (_input, { caller }) => {
        handled.push(caller.name);
        return status;
      },
      killAll: ({ body }, { caller }) => {
        handled.push(`${caller.name}: ${body?.reason ?? "no reason"}`);
        return { message: "ok", total: 0, killed: 0, failed: 0, errors: [], receipts: [], silent: [] };
      },
      pauseQueue: () => ({ paused: true }),
    },
  );
  ({ port } = await test.server.listen({ host: "127.0.0.1", port: 0 }));
}

const get = (headers: Record<string, string>) => send(port, { path: `/agents/${AGENT}/status`, headers });
const kill = (headers: Record<string, string>) =>
  send(port, { method: "POST", path: "/agents/kill-all", headers });

describe("who is let in", () => {
  beforeEach(() => start());

  it("answers 401 with the scheme to use when there is no token, from loopback as well", async () => {
    const answer = await get({});
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe('Bearer realm="test"');
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.json).toMatchObject({
      code: "unauthenticated",
      status: 401,
      type: "urn:mosaic:problem:unauthenticated",
      requestId: answer.headers["x-request-id"],
    });
  });

  it.each([
    ["an unknown token", { authorization: "Bearer mosaic_unknown" }],
    ["another scheme", { authorization: "Basic bW9zYWljOm1vc2FpYw==" }],
    ["an empty token", { "x-api-key": "" }],
    ["a token of endless length", { "x-api-key": "x".repeat(5000) }],
    ["two different tokens", { authorization: "Bearer mosaic_a", "x-api-key": "mosaic_b" }],
  ])("answers 401 to %s", async (_, headers) => {
    const answer = await get(headers);
    expect(answer.status).toBe(401);
    expect(handled).toEqual([]);
  });

  it("takes the token from Authorization, in any case, and from X-API-Key", async () => {
    expect((await get({ authorization: `bearer ${test.tokens.read}` })).status).toBe(200);
    expect((await get({ "x-api-key": test.tokens.read })).status).toBe(200);
    expect(handled).toEqual(["read", "read"]);
  });

  it("refuses a removed token at once", async () => {
    expect((await get(bearer(test.tokens.read))).status).toBe(200);
    test.callers.clear();
    expect((await get(bearer(test.tokens.read))).status).toBe(401);
  });

  it("lets spawn, kill and admin tokens read, and names the scope that is missing", async () => {
    for (const scope of ["spawn", "kill", "admin"] as const) {
      expect((await get(bearer(test.tokens[scope]))).status).toBe(200);
    }
    const refused = await kill(bearer(test.tokens.spawn));
    expect(refused.status).toBe(403);
    expect(refused.json).toMatchObject({ code: "forbidden", detail: expect.stringContaining("'kill'") });
    expect(refused.headers["www-authenticate"]).toContain('error="insufficient_scope", scope="kill"');
    const admin = await send(port, {
      method: "POST",
      path: "/queue/pause",
      headers: bearer(test.tokens.kill),
    });
    expect(admin.status).toBe(403);
  });

  it("needs no token for health", async () => {
    expect((await send(port, { path: "/health" })).json).toMatchObject({ status: "healthy" });
  });

  it("answers 401 before it reads a body", async () => {
    const answer = await send(port, {
      method: "POST",
      path: "/agents/kill-all",
      headers: { "content-type": "text/plain" },
      body: "x",
    });
    expect(answer.status).toBe(401);
  });

  it("fails closed and says nothing when the token store is broken", async () => {
    await start({ findToken: () => Promise.reject(new Error("disk I/O error at /secret/path")) });
    const answer = await get(bearer("mosaic_x"));
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain("disk");
    expect(JSON.stringify(test.logs)).toContain("disk I/O error");
  });
});

describe("which names and origins are served", () => {
  beforeEach(() => start());

  it.each(["localhost", "LOCALHOST:3001", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:3001"])(
    "serves the Host %s",
    async (host) => {
      expect((await send(port, { path: "/health", headers: { host } })).status).toBe(200);
    },
  );

  it.each([
    "evil.example",
    "evil.example:3001",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "::1",
    "localhost:x",
  ])("answers 421 to the Host '%s', whatever the route and the token", async (host) => {
    for (const path of ["/health", `/agents/${AGENT}/status`, "/nothing"]) {
      const answer = await send(port, { path, headers: { host, ...bearer(test.tokens.admin) } });
      expect(answer.status).toBe(421);
      expect(answer.json.code).toBe("host_not_allowed");
    }
    expect(handled).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ["an opaque origin", { origin: "null" }],
    ["another site", { origin: "https://evil.example" }],
    ["another port of the same machine", { origin: "http://localhost:9999" }],
    ["a cross-site request without an origin", { "sec-fetch-site": "cross-site" }],
    ["a same-site request without an origin", { "sec-fetch-site": "same-site" }],
  ])("answers 403 to %s that would change state", async (_, headers) => {
    const answer = await kill({ ...headers, ...bearer(test.tokens.admin) });
    expect(answer.status).toBe(403);
    expect(answer.json.code).toBe("origin_not_allowed");
    expect(handled).toEqual([]);
  });

  it("lets its own origin, allowed ones and clients without one change state", async () => {
    const own = { origin: `http://127.0.0.1:${port}`, "sec-fetch-site": "same-origin" };
    const allowed = { origin: "https://dashboard.example", "sec-fetch-site": "cross-site" };
    for (const headers of [own, allowed, {}]) {
      const answer = await kill({ ...headers, ...bearer(test.tokens.admin) });
      expect(answer.status).toBe(200);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("answers no CORS preflight", async () => {
    const answer = await send(port, {
      method: "OPTIONS",
      path: "/agents/kill-all",
      headers: { origin: "https://dashboard.example", "access-control-request-method": "POST" },
    });
    expect(answer.status).toBe(405);
    expect(answer.headers["access-control-allow-methods"]).toBeUndefined();
  });
});

describe("how often", () => {
  it("answers 429 with Retry-After past the limit, per token, and lets a kill through all the same", async () => {
    let now = 0;
    await start({ rateLimitPerMinute: 3, now: () => now });
    for (const left of [2, 1, 0]) {
      const answer = await get(bearer(test.tokens.admin));
      expect(answer.headers["ratelimit"]).toBe(`"default";r=${left};t=0`);
      expect(answer.headers["ratelimit-policy"]).toBe('"default";q=3;w=60');
    }
    const refused = await get(bearer(test.tokens.admin));
    expect(refused.status).toBe(429);
    expect(refused.headers["retry-after"]).toBe("20");
    expect(refused.json.code).toBe("rate_limited");
    expect((await get(bearer(test.tokens.read))).status).toBe(200);
    expect((await kill(bearer(test.tokens.admin))).status).toBe(200);
    expect((await send(port, { path: "/health" })).status).toBe(200);
    now += 20_000;
    expect((await get(bearer(test.tokens.admin))).status).toBe(200);
  });

  it("makes an address that guesses tokens wait, but not the owner of one that was right before", async () => {
    let now = 0;
    let lookups = 0;
    await start({
      failedAuthPerMinute: 2,
      now: () => now,
      findToken: async (hash) => {
        lookups += 1;
        return test.callers.get(hash) ?? null;
      },
    });
    expect((await get(bearer(test.tokens.read))).status).toBe(200);
    for (const guess of ["one", "two"]) expect((await get(bearer(guess))).status).toBe(401);
    const seen = lookups;
    const refused = await get(bearer(test.tokens.spawn));
    expect(refused.status).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect(lookups).toBe(seen);
    expect((await get(bearer(test.tokens.read))).status).toBe(200);
    now += 60_000;
    expect((await get(bearer(test.tokens.spawn))).status).toBe(200);
  });
});

describe("what is written down", () => {
  it("logs and measures by route pattern, with the request's id, and never a header", async () => {
    await start();
    const id = "my-request-0001";
    const answer = await kill({ ...jsonBody(test.tokens.admin), "x-request-id": id });
    expect(answer.headers["x-request-id"]).toBe(id);
    await get(bearer(test.tokens.read));
    const forged = await get({ ...bearer(test.tokens.read), "x-request-id": "a b; drop" });
    expect(forged.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    const metrics = await test.metrics.text();
    expect(metrics).toContain('_count{route="/agents/:agentId/status",method="GET",status="200"} 2');
    expect(test.logs).toContainEqual(
      expect.objectContaining({ requestId: id, route: "/agents/kill-all", status: 200, level: "info" }),
    );
    const everything = JSON.stringify(test.logs);
    for (const secret of [test.tokens.admin, test.tokens.read, AGENT])
      expect(everything).not.toContain(secret);
  });
});
