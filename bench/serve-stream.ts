import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { orchestratorRoutes } from "@mosaic/contracts";
import {
  createEventStream,
  createHttpServer,
  type EventStreamSource,
  hashToken,
  LOOPBACK_HOSTS,
  newToken,
} from "@mosaic/http";
import { createLogger, createMetrics } from "@mosaic/telemetry";

/** Clients of one stream, in a process of their own. */
export const CLIENTS = 1000;
const SECONDS = 4;

/** What an event carries, for the clients to see how old it is; some 100 characters. */
export const stampedText = (): string =>
  `at=${performance.timeOrigin + performance.now()} ${"x".repeat(100)}`;

export interface StreamLoad {
  /** From the making of an event to its arrival at a client, in milliseconds. */
  readonly p99: number;
  readonly perSecond: number;
  /** Of this process, while it served. */
  readonly cores: number;
}

/** Makes `perSecond` events for some seconds, and streams what `source` gives to every client meanwhile. */
export async function streamToClients<E extends { readonly id: number; readonly type: string }>(
  source: EventStreamSource<E, null>,
  perSecond: number,
  make: (number: number) => void,
): Promise<StreamLoad> {
  const token = newToken();
  const hash = hashToken(token);
  const metrics = createMetrics({ name: "bench", version: "0" });
  const events = createEventStream<E, null>({ source, filter: () => true, metrics });
  const server = createHttpServer({
    name: "bench",
    logger: createLogger({ name: "bench", level: "silent", redact: (text) => text }),
    metrics,
    findToken: async (given) => (given === hash ? { name: "bench", scopes: ["read"] } : null),
    allowedHosts: LOOPBACK_HOSTS,
    allowedOrigins: [],
    rateLimitPerMinute: 1_000_000,
  });
  const { streamEvents } = orchestratorRoutes;
  server.mount(
    { streamEvents },
    { streamEvents: (_, context) => events.attach(context, { selection: null }) },
  );
  const { url } = await server.listen({ host: "127.0.0.1", port: 0 });
  const program = fileURLToPath(new URL("stream-clients.ts", import.meta.url));
  const child = spawn(process.execPath, [program, `${url}/agents/events`, String(CLIENTS)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TOKEN: token },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  while (events.clients < CLIENTS) await wait(10);
  const cores = await makeEvents(perSecond, make);
  events.closeAll();
  const report = JSON.parse(String((await lines.next()).value)) as { p99: number; events: number };
  await server.close();
  return { p99: report.p99, perSecond: report.events / SECONDS, cores };
}

/** Answers with the processor's cores that this process took meanwhile. */
async function makeEvents(perSecond: number, make: (number: number) => void): Promise<number> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  let sent = 0;
  while (performance.now() - started < SECONDS * 1000) {
    const due = Math.floor(((performance.now() - started) / 1000) * perSecond);
    for (; sent < due; sent += 1) make(sent + 1);
    await wait(2);
  }
  const used = process.cpuUsage(cpu);
  return (used.user + used.system) / 1000 / (performance.now() - started);
}
