import { orchestratorRoutes, ProblemError, type SpawnRequest } from "@mosaic/contracts";
import { createHttpServer, hashToken, LOOPBACK_HOSTS } from "@mosaic/http";
import { createLogger, createMetrics } from "@mosaic/telemetry";
import { createServer, type RequestListener } from "node:http";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { ApiError, createClient, InvalidResponseError, UnreachableError } from "../src/index.ts";
import { createNodeFetch } from "../src/node.ts";

const AGENT = "0190c9a4-7e5b-4c3a-8f00-000000000001";
const TOKEN = "mosaic_test-token-of-a-client";
const { spawnAgent, listAgents, getAgentStatus, killAgent, killAll, queueStats, metrics } =
  orchestratorRoutes;
const routes = { spawnAgent, listAgents, getAgentStatus, killAgent, killAll, queueStats, metrics };
const BODY: SpawnRequest = {
  taskId: "t1",
  agentType: "worker",
  context: { repository: "https://git.example/a.git", branch: "main", workItems: ["fix it"] },
};

async function startPlane(seen: unknown[] = []) {
  const server = createHttpServer({
    name: "orchestrator",
    logger: createLogger({ name: "o", level: "silent", redact: (text) => text }),
    metrics: createMetrics({ name: "o", version: "0" }),
    findToken: async (hash) => (hash === hashToken(TOKEN) ? { name: "cli", scopes: ["admin"] } : null),
    allowedHosts: LOOPBACK_HOSTS,
    allowedOrigins: [],
  });
  onTestFinished(() => server.close());
  server.mount(routes, {
    spawnAgent: () => {
      throw new ProblemError("queue_full", "1000 tasks are waiting", { retryAfter: 30 });
    },
    listAgents: ({ query }) => {
      seen.push(query);
      return { items: [], nextCursor: null };
    },
    getAgentStatus: ({ params }) => ({
      agentId: params.agentId,
      taskId: "t1",
      status: "running",
      spawnedAt: "2026-01-01T00:00:00.000Z",
    }),
    killAgent: () => {
      throw new ProblemError("agent_not_found", "no such agent");
    },
    killAll: ({ body }) => {
      seen.push(body);
      return { message: "", total: 0, killed: 0, failed: 0, errors: [], receipts: [], silent: [] };
    },
    queueStats: () => {
      throw new Error("broken");
    },
    metrics: (_input, context) => context.sendText("mosaic_up 1\n", "text/plain"),
  });
  const { url } = await server.listen({ host: "127.0.0.1", port: 0 });
  return { url, server, client: createClient({ baseUrl: url, token: TOKEN, routes }) };
}

async function startOther(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return { baseUrl, client: createClient({ baseUrl, routes, timeoutMs: 2000 }) };
}

const failureOf = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it should have failed");
};

describe("a call", () => {
  it("fills in parameters and gives back the checked answer, typed", async () => {
    const { client } = await startPlane();
    const status = await client.call("getAgentStatus", { params: { agentId: AGENT } });
    expectTypeOf(status.status).toEqualTypeOf<"spawning" | "running" | "completed" | "failed" | "killed">();
    expect(status).toMatchObject({ agentId: AGENT, status: "running" });
  });

  it("repeats query parameters, leaves out what is undefined, and needs no request where nothing is needed", async () => {
    const seen: unknown[] = [];
    const { client } = await startPlane(seen);
    await client.call("listAgents", { query: { status: ["running", "failed"], limit: 5 } });
    await client.call("listAgents");
    await client.call("killAll");
    await client.call("killAll", { body: { reason: "drill" } });
    expect(seen).toEqual([
      { status: ["running", "failed"], limit: 5 },
      { limit: 50 },
      undefined,
      { reason: "drill" },
    ]);
  });

  it("gives the text of a text route", async () => {
    const { client } = await startPlane();
    expect(await client.call("metrics")).toBe("mosaic_up 1\n");
  });

  it("keeps a path of the base URL, and encodes what it fills in", async () => {
    const paths: unknown[] = [];
    const { baseUrl } = await startOther((request, response) => {
      paths.push(request.url);
      response.writeHead(404).end();
    });
    const client = createClient({ baseUrl: `${baseUrl}/orchestrator/`, routes });
    await failureOf(client.call("getAgentStatus", { params: { agentId: "../a b" } }));
    expect(paths).toEqual(["/orchestrator/agents/..%2Fa%20b/status"]);
  });
});

describe("a call that fails", () => {
  it("throws the server's problem with its code and when to try again", async () => {
    const { client } = await startPlane();
    const error = await failureOf(client.call("spawnAgent", { body: BODY }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      message: "1000 tasks are waiting",
      status: 429,
      retryAfter: 30,
      problem: { code: "queue_full" },
    });
  });

  it("tells every field the server refused", async () => {
    const { client } = await startPlane();
    const error = await failureOf(client.call("spawnAgent", { body: { ...BODY, taskId: "/" } }));
    expect((error as ApiError).problem?.errors?.[0]?.pointer).toBe("/taskId");
  });

  it("throws a refusal that is no problem with its status and how it began", async () => {
    const { client } = await startOther(
      (_, response) => void response.writeHead(502).end("<h1>Bad\ngateway</h1>"),
    );
    const error = await failureOf(client.call("queueStats"));
    expect(error).toMatchObject({ name: "ApiError", status: 502, problem: undefined });
    expect(error.message).toBe("GET /queue/stats was answered with status 502: <h1>Bad gateway</h1>");
  });

  it("does not follow a redirect: the token is for one server", async () => {
    let followed = false;
    const { client } = await startOther((request, response) => {
      if (request.url === "/elsewhere") followed = true;
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    expect(await failureOf(client.call("queueStats"))).toMatchObject({ status: 307 });
    expect(followed).toBe(false);
  });

  it("throws InvalidResponseError for an answer that does not fit the contract, or is no JSON", async () => {
    for (const body of ['{"pending":"many"}', "It works!", ""]) {
      const { client } = await startOther((_, response) => void response.writeHead(200).end(body));
      const error = await failureOf(client.call("queueStats"));
      expect(error).toBeInstanceOf(InvalidResponseError);
      expect(error.message).toContain("GET /queue/stats");
    }
  });

  it("throws UnreachableError with the reason when nobody listens", async () => {
    const { url, server, client } = await startPlane();
    await server.close();
    const error = await failureOf(client.call("queueStats"));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toContain(`${url} cannot be reached`);
    expect(error.message).toContain("ECONNREFUSED");
  });

  it("throws UnreachableError when the connection breaks, before and in the answer", async () => {
    for (const answer of [
      (response: Parameters<RequestListener>[1]) => response.destroy(),
      (response: Parameters<RequestListener>[1]) => {
        response.writeHead(200, { "content-length": "100" }).write("{");
        response.destroy();
      },
    ]) {
      const { client } = await startOther((_, response) => {
        answer(response);
      });
      expect(await failureOf(client.call("queueStats"))).toBeInstanceOf(UnreachableError);
    }
  });

  it("throws UnreachableError when time is up, for headers and for the body", async () => {
    for (const begin of [false, true]) {
      const { client } = await startOther((_, response) => {
        if (begin) response.writeHead(200).write("{");
      });
      const error = await failureOf(client.call("queueStats", {}, { timeoutMs: 30 }));
      expect(error).toBeInstanceOf(UnreachableError);
      expect(error.message).toContain("did not answer GET /queue/stats in 30 ms");
    }
  });

  it("throws the signal's own reason when it is aborted, before and meanwhile, and lets go of the server", async () => {
    const reason = new Error("the user left");
    const gone = Promise.withResolvers<void>();
    const controller = new AbortController();
    const { client } = await startOther((_, response) => {
      response.once("close", gone.resolve);
      controller.abort(reason);
    });
    expect(await failureOf(client.call("queueStats", {}, { signal: controller.signal }))).toBe(reason);
    await gone.promise;
    expect(await failureOf(client.call("queueStats", {}, { signal: controller.signal }))).toBe(reason);
  });

  it("is refused at once when it can never work", async () => {
    expect(() => createClient({ baseUrl: "ftp://x", routes })).toThrow("not an http or https URL");
    expect(() => createClient({ baseUrl: "http://x", routes, timeoutMs: 600_000 })).toThrow(
      "createNodeFetch()",
    );
    const client = createClient({ baseUrl: "http://x", routes });
    await expect(client.call("queueStats", {}, { timeoutMs: 600_000 })).rejects.toThrow(
      "createNodeFetch().fetch",
    );
    await expect(client.call("getAgentStatus", { params: { agentId: "" } })).rejects.toThrow("'agentId'");
  });
});

describe("createNodeFetch", () => {
  it("serves calls that may take longer than Node's own fetch waits", async () => {
    const { url } = await startPlane();
    const node = createNodeFetch();
    onTestFinished(() => node.close());
    const client = createClient({
      baseUrl: url,
      token: TOKEN,
      routes,
      fetch: node.fetch,
      timeoutMs: 3_600_000,
    });
    expect(await client.call("getAgentStatus", { params: { agentId: AGENT } })).toMatchObject({
      agentId: AGENT,
    });
    const error = await failureOf(client.call("killAgent", { params: { agentId: AGENT } }));
    expect(error).toMatchObject({ problem: { code: "agent_not_found" } });
    const aborted = AbortSignal.abort(new Error("no"));
    await expect(client.call("metrics", {}, { signal: aborted })).rejects.toThrow("no");
  });
});
