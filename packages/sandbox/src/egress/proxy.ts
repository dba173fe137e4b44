import { lookup } from "node:dns/promises";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { checkedTargets, decide, type Resolve, type Verdict } from "./decide.ts";

export interface EgressDecision {
  /** `host:port` as asked for (cut to 300 characters). */
  readonly target: string;
  readonly allowed: boolean;
  readonly reason: string;
  /** The address that was dialled. */
  readonly address?: string;
}

export interface EgressProxyOptions {
  /** Host path of the unix socket; its folder (nothing else should be in it) is what a sandbox mounts. */
  readonly socketPath: string;
  /** What may be reached: exact `host:port`; a host alone means port 443. */
  readonly allow: readonly string[];
  readonly onDecision?: (decision: EgressDecision) => void;
  /** Tunnels at once. Default 64. */
  readonly maxConnections?: number;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** Default: TCP to a checked address. */
  readonly dial?: (address: string, port: number) => Socket;
}

export interface EgressProxy {
  readonly socketPath: string;
  /** Cuts every tunnel and removes the socket. Safe to call twice. */
  close(): Promise<void>;
}

const DIAL_TIMEOUT_MS = 10_000;

/** A tunnel without a byte for this long is cut. */
const IDLE_TIMEOUT_MS = 120_000;

/** `sun_path` of Linux's unix(7), without the final NUL. */
const MAX_SOCKET_PATH = 107;

/** Connections beside the tunnels: those that get a refusal, or have not asked yet. Beyond them they are just closed. */
const SPARE_CONNECTIONS = 32;

const HEADER_TIMEOUT_MS = 10_000;

/**
 * The only way out of a sandbox, where it has one: an HTTP CONNECT proxy on a unix socket, for the hosts and ports on a
 * list. It sees names and volumes, never content (TLS ends inside).
 *
 * @throws Error when a host on the list is not a plain name, or the socket cannot be made
 */
export async function createEgressProxy(options: EgressProxyOptions): Promise<EgressProxy> {
  if (Buffer.byteLength(options.socketPath) > MAX_SOCKET_PATH) {
    throw new Error(
      `the socket path '${options.socketPath}' is too long (${String(MAX_SOCKET_PATH)} bytes): use a shorter folder`,
    );
  }
  const allow = checkedTargets(options.allow);
  const resolve = options.resolve ?? systemResolver;
  const dial = options.dial ?? ((address, port) => connect({ host: address, port }));
  const most = options.maxConnections ?? 64;
  const clients = new Set<Duplex>();
  const upstreams = new Set<Duplex>();
  const decided = (decision: EgressDecision) => options.onDecision?.(decision);

  const tunnel = async (request: IncomingMessage, client: Duplex, head: Buffer) => {
    const target = (request.url ?? "").slice(0, 300);
    if (clients.size > most) {
      decided({ target, allowed: false, reason: "too many connections" });
      refuse(client, "503 Service Unavailable", "too many connections");
      return;
    }
    const verdict = await decide(target, allow, resolve);
    // It has hung up, or the proxy was closed meanwhile: nothing is dialled for nobody.
    if (client.destroyed) return;
    if (!verdict.allowed) {
      decided({ target, allowed: false, reason: verdict.reason });
      refuse(client, "403 Forbidden", verdict.reason);
      return;
    }
    const upstream = await firstOf(verdict, dial);
    if (upstream === null) {
      decided({ target, allowed: true, reason: "on the list, but does not answer" });
      refuse(client, "502 Bad Gateway", "the host does not answer");
      return;
    }
    decided({ target, allowed: true, reason: "on the list", address: upstream.address });
    join(client, upstream.socket, head);
    track(upstreams, upstream.socket);
  };

  const server = createServer({ requestTimeout: HEADER_TIMEOUT_MS, headersTimeout: HEADER_TIMEOUT_MS });
  server.maxConnections = most + SPARE_CONNECTIONS;
  server.on("request", (_request, response) => {
    response.writeHead(405, { connection: "close" }).end("only CONNECT\n");
  });
  server.on("connect", (request, client, head) => {
    client.on("error", () => client.destroy());
    track(clients, client);
    tunnel(request, client, head).catch(() => client.destroy());
  });
  await listen(server, options.socketPath);
  return {
    socketPath: options.socketPath,
    close: async () => {
      for (const socket of [...clients, ...upstreams]) socket.destroy();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await rm(options.socketPath, { force: true });
    },
  };
}

async function systemResolver(host: string): Promise<readonly string[]> {
  // IPv4 first: a host without IPv6 routes is more common than the other way round.
  const found = await lookup(host, { all: true, order: "ipv4first" });
  return found.map((entry) => entry.address);
}

async function listen(server: ReturnType<typeof createServer>, socketPath: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // Processes inside may be another user; who can reach the folder decides who may connect.
    server.listen({ path: socketPath, readableAll: true, writableAll: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function track(open: Set<Duplex>, socket: Duplex): void {
  open.add(socket);
  socket.once("close", () => open.delete(socket));
}

type Allowed = Extract<Verdict, { allowed: true }>;

/** The first of the checked addresses that answers. */
async function firstOf(
  verdict: Allowed,
  dial: (address: string, port: number) => Socket,
): Promise<{ socket: Socket; address: string } | null> {
  for (const address of verdict.addresses) {
    const socket = dial(address, verdict.port);
    const connected = await new Promise<boolean>((resolve) => {
      socket.setTimeout(DIAL_TIMEOUT_MS, () => socket.destroy());
      socket.once("connect", () => {
        resolve(true);
      });
      socket.once("error", () => {
        resolve(false);
      });
      socket.once("close", () => {
        resolve(false);
      });
    });
    if (connected) return { socket, address };
  }
  return null;
}

function join(client: Duplex, upstream: Socket, head: Buffer): void {
  upstream.setTimeout(IDLE_TIMEOUT_MS, () => upstream.destroy());
  upstream.on("error", () => client.destroy());
  upstream.once("close", () => client.destroy());
  client.once("close", () => upstream.destroy());
  if (client.destroyed) {
    upstream.destroy();
    return;
  }
  client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  upstream.write(head);
  client.pipe(upstream);
  upstream.pipe(client);
}

function refuse(client: Duplex, status: string, reason: string): void {
  const body = `${reason}\n`;
  client.end(
    `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\nconnection: close\r\n\r\n${body}`,
  );
}
