import { coordinatorRoutes, orchestratorRoutes } from "@mosaic/contracts";
import { createLogger, createMetrics } from "@mosaic/telemetry";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { onTestFinished } from "vitest";
import {
  type Caller,
  createHttpServer,
  hashToken,
  type HttpServer,
  type HttpServerOptions,
  LOOPBACK_HOSTS,
  newToken,
} from "../src/index.ts";

export const routes = {
  health: orchestratorRoutes.health,
  spawnAgent: orchestratorRoutes.spawnAgent,
  listAgents: orchestratorRoutes.listAgents,
  getAgentStatus: orchestratorRoutes.getAgentStatus,
  killAll: orchestratorRoutes.killAll,
  pauseQueue: orchestratorRoutes.pauseQueue,
  metrics: orchestratorRoutes.metrics,
  checkQuality: coordinatorRoutes.checkQuality,
};

export interface Tokens {
  readonly admin: string;
  readonly read: string;
  readonly spawn: string;
  readonly kill: string;
}

export interface TestServer {
  readonly server: HttpServer;
  readonly tokens: Tokens;
  readonly callers: Map<string, Caller>;
  readonly logs: Record<string, unknown>[];
  readonly metrics: ReturnType<typeof createMetrics>;
}

/** A server that does not listen yet, with one token per scope. It is closed when the test ends. */
export function buildServer(options: Partial<HttpServerOptions> = {}): TestServer {
  const tokens = { admin: newToken(), read: newToken(), spawn: newToken(), kill: newToken() };
  const callers = new Map<string, Caller>();
  for (const scope of ["admin", "read", "spawn", "kill"] as const) {
    callers.set(hashToken(tokens[scope]), { name: scope, scopes: [scope] });
  }
  const logs: Record<string, unknown>[] = [];
  const logger = createLogger({
    name: "test",
    level: "debug",
    redact: (text) => text,
    destination: { write: (line) => void logs.push(JSON.parse(line) as Record<string, unknown>) },
  });
  const metrics = createMetrics({ name: "test", version: "0" });
  const server = createHttpServer({
    name: "test",
    logger,
    metrics,
    findToken: async (hash) => callers.get(hash) ?? null,
    allowedHosts: LOOPBACK_HOSTS,
    allowedOrigins: ["https://dashboard.example"],
    closeGraceMs: 200,
    ...options,
  });
  onTestFinished(() => server.close());
  return { server, tokens, callers, logs, metrics };
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: { code?: string; detail?: string; errors?: { pointer: string; detail: string }[] } & Record<
    string,
    unknown
  >;
}

/** A request with exactly these headers: `fetch` would not let a test lie about Host or Origin. */
export function send(port: number, { method = "GET", path, headers = {}, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: "127.0.0.1", port, method, path, agent: false, headers },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (part: string) => (text += part));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const isJson = incoming.headers["content-type"]?.includes("json") === true && text !== "";
          const json = (isJson ? JSON.parse(text) : {}) as Answer["json"];
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
export const jsonBody = (token: string) => ({ ...bearer(token), "content-type": "application/json" });
