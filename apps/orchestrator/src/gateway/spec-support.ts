import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { EventData } from "@mosaic/contracts";
import { DEFAULT_PRICES } from "@mosaic/domain";
import { StoreUnavailableError, type UsageEntry } from "@mosaic/store";
import { afterEach } from "vitest";
import { createModelGateway, type ModelGatewayOptions } from "./create-model-gateway.ts";
import type { AgentDoor, ModelGateway } from "./port.ts";

/** What no spec is about. */
export const SETTINGS_IN_SPECS = {
  maxTokensLimit: 4000,
  prices: DEFAULT_PRICES,
  owner: "spec",
  limits: {},
  concurrency: 16,
  waitMs: 60_000,
  idleMs: 60_000,
  random: () => 0,
} as const;

/** What the specs of this folder share: a real upstream server, a real gateway on real sockets, and real requests. */

export const MODEL = "claude-sonnet-5-5";
export const KEY = "the-real-key-0123456789";

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface FakeUpstream {
  readonly url: string;
  readonly seen: SeenRequest[];
  close(): Promise<void>;
}

export type Answering = (response: ServerResponse, request: SeenRequest) => void;

/** An HTTP server that keeps what it was asked and answers as it is told. */
export async function startUpstream(answer: Answering = sendMessage): Promise<FakeUpstream> {
  const seen: SeenRequest[] = [];
  const server = createServer((incoming: IncomingMessage, response) => {
    void (async () => {
      const { method = "", url = "", headers, rawHeaders } = incoming;
      const request: SeenRequest = { method, url, headers, rawHeaders, body: await text(incoming) };
      seen.push(request);
      answer(response, request);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A whole answer, with `usage`. */
export function sendMessage(
  response: ServerResponse,
  _: SeenRequest,
  usage: unknown = { input_tokens: 10, output_tokens: 5 },
): void {
  response.writeHead(200, { "content-type": "application/json", "request-id": "req_upstream" });
  response.end(
    JSON.stringify({ type: "message", model: MODEL, content: [], stop_reason: "end_turn", usage }),
  );
}

/** Writes one server-sent event. */
export function sendEvent(response: ServerResponse, type: string, data: Record<string, unknown> = {}): void {
  if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
}

export type TestLedger = ModelGatewayOptions["ledger"] & {
  readonly entries: UsageEntry[];
  /** While set, nothing that was spent can be recorded. */
  broken: boolean;
  /** While set, nothing can be held: its server does not answer. */
  away: boolean;
  /** Settles when a request has met the ledger away. */
  asked(): Promise<void>;
  /** Settles with the next entry. */
  next(): Promise<UsageEntry>;
};

/** A ledger without limits; budgets are tried with the real store. */
function createLedger(): TestLedger {
  const entries: UsageEntry[] = [];
  let wake: ((entry: UsageEntry) => void)[] = [];
  const met = Promise.withResolvers<void>();
  return {
    entries,
    broken: false,
    away: false,
    asked: () => met.promise,
    async reserve() {
      if (!this.away) return { kind: "reserved" };
      met.resolve();
      throw new StoreUnavailableError("unreachable", "the server does not answer");
    },
    release: async () => undefined,
    settleAbandoned: async () => 0,
    async settle(_, entry) {
      if (this.broken) throw new Error("the disk is full");
      entries.push(entry);
      for (const resolve of wake) resolve(entry);
      wake = [];
      return true;
    },
    next: async () => new Promise((resolve) => wake.push(resolve)),
  };
}

export interface TestGateway {
  readonly gateway: ModelGateway;
  readonly ledger: TestLedger;
  readonly folder: string;
  readonly logs: unknown[];
  readonly usage: EventData<"transcript.usage">[];
  open(agentId?: string, maxTurns?: number): Promise<AgentDoor>;
  close(): Promise<void>;
}

export async function startGateway(given: Partial<ModelGatewayOptions> = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), "gw-"));
  const ledger = createLedger();
  const logs: unknown[] = [];
  const log = (...line: unknown[]): void => void logs.push(line);
  const usage: EventData<"transcript.usage">[] = [];
  const gateway = await createOrRemove(folder, {
    apiKey: KEY,
    baseUrl: "http://127.0.0.1:9",
    replayScenario: null,
    models: [MODEL, "claude-opus-5-5"],
    socketDir: join(folder, "run"),
    ledger,
    ...SETTINGS_IN_SPECS,
    now: () => new Date("2026-11-20T00:00:00Z"),
    log: { debug: log, warn: log, error: log } as never,
    ...given,
  });
  return {
    gateway,
    ledger,
    folder,
    logs,
    usage,
    open: async (agentId = "agent-1", maxTurns) =>
      gateway.open({
        agentId,
        taskId: `task-of-${agentId}`,
        repository: "https://git.example/one",
        model: MODEL,
        taskBudgetUsd: null,
        maxTurns: maxTurns ?? null,
        onUsage: (entry) => usage.push(entry),
      }),
    async close() {
      await gateway.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** A gateway that does not start leaves no folder behind. */
async function createOrRemove(folder: string, options: ModelGatewayOptions): Promise<ModelGateway> {
  try {
    return await createModelGateway(options);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}

/** A gateway before a fake upstream, for one test at a time. */
export interface Pair {
  upstream: FakeUpstream;
  gateway: TestGateway;
  start(answer?: Answering, given?: Partial<ModelGatewayOptions>): Promise<void>;
  /** Starts both, and opens the door of one agent. */
  open(answer?: Answering, given?: Partial<ModelGatewayOptions>): Promise<AgentDoor>;
}

/** For the head of a spec: what a test started is closed after it. */
export function useGateway(): Pair {
  const pair: Pair = {
    upstream: undefined as never,
    gateway: undefined as never,
    async start(answer = sendMessage, given = {}) {
      pair.upstream = await startUpstream(answer);
      pair.gateway = await startGateway({ baseUrl: pair.upstream.url, ...given });
    },
    async open(answer, given) {
      await pair.start(answer, given);
      return pair.gateway.open();
    },
  };
  afterEach(async () => {
    await pair.gateway.close();
    await pair.upstream.close();
  });
  return pair;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: unknown;
}

export const message = (more: object = {}): object => ({
  model: MODEL,
  max_tokens: 1000,
  messages: [{ role: "user", content: "go" }],
  ...more,
});

/** Begins a request through an agent's socket; settles when the answer begins. */
export async function begin(door: AgentDoor, asking: Asking = {}): Promise<IncomingMessage> {
  const { method = "POST", path = "/v1/messages", headers = {}, body } = asking;
  const sent = httpRequest({ socketPath: door.socketPath, method, path, headers, agent: false });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  sent.end(typeof body === "string" || body === undefined ? body : JSON.stringify(body));
  const [response] = await answered;
  // What is left of an answer that breaks off is not waited for by every spec.
  response.on("error", () => undefined);
  return response;
}

/** A whole request and answer through an agent's socket. */
export async function ask(door: AgentDoor, asking: Asking = { body: message() }): Promise<Answer> {
  const response = await begin(door, asking);
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** Sends bytes as they are, and gives what comes back until the other side closes. */
export async function sendRaw(door: AgentDoor, bytes: string): Promise<string> {
  const socket = connect({ path: door.socketPath });
  socket.write(bytes);
  return text(socket);
}

/** The error of an answer in the shape of the Messages API. */
export function errorOf(answer: Answer): { type: string; message: string } {
  const parsed = JSON.parse(answer.body) as { type: string; error: { type: string; message: string } };
  if (parsed.type !== "error") throw new Error(`not an error: ${answer.body}`);
  return parsed.error;
}
