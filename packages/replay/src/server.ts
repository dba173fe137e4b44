import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { loadScenario, ScenarioError } from "./load-scenario.ts";
import { createScriptedModel, type ScriptedModel } from "./messages.ts";
import type { Scenario } from "./scenario.ts";
import { sendError, sendJson } from "./send.ts";

export interface ReplayOptions {
  /** A scenario, or the name or path of one. */
  readonly scenario: Scenario | string;
  /** Another folder of scenarios, searched before the ones that ship with this package. */
  readonly scenarioDir?: string;
  /** Listens on this unix socket; otherwise on a free port of the loopback interface. */
  readonly socketPath?: string;
  /** Ids that `GET /v1/models` lists. Any id is answered. */
  readonly models?: readonly string[];
}

export interface ReplayServer {
  readonly scenario: string;
  /** Base URL; `http://localhost` when it listens on a unix socket. */
  readonly url: string;
  readonly socketPath?: string;
  /** Drops what is still open. */
  close(): Promise<void>;
}

/**
 * Starts a scripted server of the Messages API: `POST /v1/messages` (stream or not), `POST /v1/messages/count_tokens`,
 * `GET /v1/models[/id]`, `HEAD /api/hello`. It never leaves this machine.
 * @throws ScenarioError when the scenario cannot be used
 */
export async function createReplayServer(options: ReplayOptions): Promise<ReplayServer> {
  const load = createLoader(options.scenarioDir);
  const scenario = typeof options.scenario === "string" ? await load(options.scenario) : options.scenario;
  const model = createScriptedModel(scenario, load);
  const models = options.models ?? ["claude-sonnet-5-5"];
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    route({ request, response, model, models }).catch((error: unknown) => fail(response, error));
  });
  server.listen(
    options.socketPath === undefined ? { host: "127.0.0.1", port: 0 } : { path: options.socketPath },
  );
  await once(server, "listening");
  return {
    scenario: scenario.name,
    ...address(options.socketPath, server.address() as AddressInfo | string),
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Scenarios by name, each read once. */
function createLoader(scenarioDir: string | undefined): (name: string) => Promise<Scenario> {
  const loaded = new Map<string, Promise<Scenario>>();
  return (name) => {
    const scenario = loaded.get(name) ?? loadScenario(name, scenarioDir);
    loaded.set(name, scenario);
    scenario.catch(() => loaded.delete(name));
    return scenario;
  };
}

function address(
  socketPath: string | undefined,
  bound: AddressInfo | string,
): { url: string; socketPath?: string } {
  if (socketPath !== undefined || typeof bound === "string") {
    return { url: "http://localhost", ...(socketPath === undefined ? {} : { socketPath }) };
  }
  return { url: `http://127.0.0.1:${bound.port}` };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly model: ScriptedModel;
  readonly models: readonly string[];
}

async function route({ request, response, model, models }: Exchange): Promise<void> {
  const path = (request.url ?? "").split("?")[0] ?? "";
  // The one id that is not derived from the conversation: a request's id must never come twice.
  response.setHeader("request-id", `req_${randomUUID().replaceAll("-", "")}`);
  if (request.method === "HEAD" && path === "/api/hello") {
    response.writeHead(200).end();
    return;
  }
  // The SDK 1.x sends a bearer token, Claude Code a key of its own; which one it is does not matter here.
  if (!request.headers.authorization && !request.headers["x-api-key"]) {
    return sendError(response, { status: 401, message: "x-api-key header is required" });
  }
  if (request.method === "POST" && path === "/v1/messages") return model.messages(request, response);
  if (request.method === "POST" && path === "/v1/messages/count_tokens")
    return model.countTokens(request, response);
  if (request.method === "GET" && path === "/v1/models") return sendJson(response, 200, modelList(models));
  const id = /^\/v1\/models\/([^/]+)$/.exec(path)?.[1];
  if (request.method === "GET" && id !== undefined && models.includes(id)) {
    return sendJson(response, 200, modelInfo(id));
  }
  return sendError(response, { status: 404, message: `Not found: ${request.method ?? ""} ${path}` });
}

function modelInfo(id: string): Record<string, string> {
  return { type: "model", id, display_name: id, created_at: "2026-01-01T00:00:00Z" };
}

function modelList(models: readonly string[]): Record<string, unknown> {
  return {
    data: models.map(modelInfo),
    has_more: false,
    first_id: models[0] ?? null,
    last_id: models.at(-1) ?? null,
  };
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  sendError(response, { status: error instanceof ScenarioError ? 400 : 500, message });
}
