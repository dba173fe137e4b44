import { Redis } from "ioredis";
import { StoreUnavailableError } from "../store-error.ts";
import { isReply, toStoreError } from "./faults.ts";
import { writeOnceATurn } from "./one-write.ts";
import { parseValkeyUrl } from "./parse-url.ts";

export interface ConnectOptions {
  /** `redis[s]://[user[:password]@]host[:port][/database]` */
  readonly url: string;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** What the server's `CLIENT LIST` calls the connection. */
  readonly clientName?: string | undefined;
  /** Longest silence of the server while it owes an answer, in milliseconds; the connection is made anew then. */
  readonly timeoutMs?: number | undefined;
}

/** A connection, and what its errors mean. */
export interface Link {
  readonly redis: Redis;
  /** `Valkey at host:port` */
  readonly server: string;
  /** @param about whether what failed only reads, so that its loss leaves no doubt */
  fault(error: unknown, about: { readonly reads: boolean }): StoreUnavailableError;
  /** Connects for the first time. @throws StoreUnavailableError */
  connect(): Promise<void>;
  /** Another connection to the same server; not connected yet. */
  another(options: { readonly clientName: string; readonly timeoutMs: number }): Link;
  /** @throws StoreUnavailableError once it is being closed */
  requireOpen(): void;
  /** Waits for what is under way, then lets go. Safe to call twice. */
  close(): Promise<void>;
}

export const DEFAULT_TIMEOUT_MS = 5000;
/** Longest wait between two attempts to come back, in milliseconds. */
const RECONNECT_MS = 1000;

/**
 * Connects once; a connection that is lost later comes back by itself, and until then every call fails at once. Nothing is
 * sent twice and nothing queued: whoever asks decides what is worth repeating.
 * @throws StoreUnavailableError
 */
export async function connect(options: ConnectOptions): Promise<Link> {
  const { url, ca, clientName = "mosaic", timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const address = parseValkeyUrl(url, ca);
  const redis = new Redis({
    ...address,
    connectionName: clientName,
    lazyConnect: true,
    connectTimeout: timeoutMs,
    // Of the socket, not of a command: a way that swallows everything must be given up, or it stays for a quarter of an hour.
    socketTimeout: timeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // Another server may have become the primary under the same name.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
    retryStrategy: (attempt) => Math.min(attempt * 50, RECONNECT_MS),
    protocol: 2,
  });
  writeOnceATurn(redis);
  const link = createLink(redis, { server: `Valkey at ${address.host}:${address.port}`, timeoutMs });
  await link.connect();
  return link;
}

function createLink(
  redis: Redis,
  { server, timeoutMs }: { readonly server: string; readonly timeoutMs: number },
): Link {
  let lastProblem: Error | null = null;
  let closing: Promise<void> | null = null;
  redis.on("error", (error) => (lastProblem = error));
  redis.on("ready", () => (lastProblem = null));

  function fault(error: unknown, { reads }: { readonly reads: boolean }): StoreUnavailableError {
    const cause = !isReply(error) && isReply(lastProblem) ? lastProblem : error;
    return toStoreError(cause, { server, lastProblem, closed: closing !== null, reads });
  }

  return {
    redis,
    server,
    fault,
    requireOpen() {
      if (closing !== null) throw new StoreUnavailableError("closed", "the store is closed");
    },
    async connect() {
      // A server that is still loading its data answers, but is not ready.
      const giveUp = setTimeout(() => redis.disconnect(), 2 * timeoutMs);
      try {
        await redis.connect();
        // The driver does it, too, but goes on in database 0 when it fails.
        await redis.select(redis.options.db ?? 0);
      } catch (error) {
        redis.disconnect();
        throw fault(error, { reads: true });
      } finally {
        clearTimeout(giveUp);
      }
    },
    another: ({ clientName, timeoutMs: silence }) =>
      createLink(redis.duplicate({ connectionName: clientName, socketTimeout: silence }), {
        server,
        timeoutMs,
      }),
    close: () => (closing ??= letGo(redis)),
  };
}

/** The server answers QUIT after what came before it. Without an answer there is nothing to wait for. */
async function letGo(redis: Redis): Promise<void> {
  if (redis.status === "ready") await redis.quit().catch(() => undefined);
  redis.disconnect();
}
