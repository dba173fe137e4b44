import { once } from "node:events";
import { chmod, lstat, mkdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import type { Logger } from "@mosaic/telemetry";
import { refuse } from "./answer.ts";
import type { AgentDoor } from "./port.ts";

/** Name of the socket in its agent's folder. */
export const SOCKET_NAME = "model.sock";
/** What fits into a socket address on Linux: 108 bytes with the closing zero (unix(7)). */
const MAX_SOCKET_PATH = 107;
const AGENT_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const UUID_LENGTH = 36;

/** Requests of one agent at a time; its runtime makes one, a hostile process may try many. */
const MAX_REQUESTS = 8;
const MAX_CONNECTIONS = 32;
/** Times for a request to come in, from first byte to last. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;

/** Where an agent's socket is. @throws Error when its path would not fit into a socket address */
export function socketPathOf(socketDir: string, agentId: string): string {
  if (!AGENT_ID.test(agentId)) throw new Error(`'${agentId}' cannot be the name of a socket's folder`);
  const path = join(socketDir, agentId, SOCKET_NAME);
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH) return path;
  throw new Error(
    `the socket folder ${socketDir} is too long: a socket's path may have ${MAX_SOCKET_PATH} bytes, ` +
      `this one would have ${bytes}; choose a MOSAIC_HOME that is ${bytes - MAX_SOCKET_PATH} bytes shorter`,
  );
}

/** Fails where no agent's socket would fit. @throws Error */
export function assertFits(socketDir: string): void {
  socketPathOf(socketDir, "x".repeat(UUID_LENGTH));
}

type Handler = (request: IncomingMessage, response: ServerResponse, signal: AbortSignal) => Promise<void>;

export interface DoorOptions extends Pick<AgentDoor, "finalRefusal" | "beginPrompt"> {
  readonly socketPath: string;
  readonly handler: Handler;
  readonly log: Pick<Logger, "error">;
  readonly onRevoked: () => void;
}

/** Opens a unix socket that only one agent gets to see, and serves it. */
export async function openDoor(options: DoorOptions): Promise<AgentDoor> {
  const { socketPath, onRevoked } = options;
  const requests = new Set<AbortController>();
  const server = createServer(
    { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
    (request, response) => {
      void serve(request, response, { ...options, requests });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  const folder = dirname(socketPath);
  // What a former process left behind is nobody's door any more.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // The folder above is closed to everyone else; an agent gets this one mounted and may be another user.
  await chmod(folder, 0o755);
  server.listen({ path: socketPath, readableAll: true, writableAll: true });
  await once(server, "listening");
  // Such as no more file descriptors for a connection: that one is lost, the door stays open.
  server.on("error", (error) => options.log.error({ err: error }, "a model socket has an error"));

  let revoked: Promise<{ gone: boolean; aborted: number }> | null = null;
  return {
    socketPath,
    finalRefusal: options.finalRefusal,
    beginPrompt: options.beginPrompt,
    async revoke() {
      revoked ??= revoke(server, socketPath, requests).finally(onRevoked);
      return revoked;
    },
  };
}

interface Serving extends DoorOptions {
  readonly requests: Set<AbortController>;
}

async function serve(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const { requests, handler, log } = serving;
  if (requests.size >= MAX_REQUESTS) {
    const message = `more than ${MAX_REQUESTS} requests at a time`;
    return refuse(response, { status: 429, type: "rate_limit_error", message, retryAfter: 1, hangUp: true });
  }
  const controller = new AbortController();
  requests.add(controller);
  // An agent that hangs up, and a door that is revoked, end what is under way upstream.
  response.once("close", () => controller.abort());
  try {
    await handler(request, response, controller.signal);
  } catch (error) {
    if (!controller.signal.aborted && !request.errored) log.error({ err: error }, "a model request failed");
    if (response.headersSent) response.destroy();
    else
      refuse(response, {
        status: 502,
        type: "api_error",
        message: "the model's answer broke off",
        retry: true,
      });
  } finally {
    requests.delete(controller);
  }
}

async function revoke(
  server: Server,
  socketPath: string,
  requests: ReadonlySet<AbortController>,
): Promise<{ gone: boolean; aborted: number }> {
  const aborted = requests.size;
  const closed = once(server, "close");
  server.close();
  for (const controller of requests) controller.abort();
  server.closeAllConnections();
  await closed;
  await rm(dirname(socketPath), { recursive: true, force: true });
  return { gone: await isGone(socketPath), aborted };
}

async function isGone(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
