import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { orchestratorRoutes } from "@mosaic/contracts";
import { createEventStream, createHttpServer, hashToken, LOOPBACK_HOSTS, newToken } from "@mosaic/http";
import { createLogger, createMetrics } from "@mosaic/telemetry";
import type { BenchCase } from "../measure.ts";

const CLIENTS = 1000;
const SECONDS = 4;

interface BenchEvent {
  readonly id: number;
  readonly type: string;
  readonly data: { readonly at: number; readonly text: string };
}

interface Load {
  readonly p99: number;
  readonly events: number;
  readonly cores: number;
}

/** Serves `perSecond` events to every client for some seconds. */
async function stream(perSecond: number): Promise<Load> {
  const listeners = new Set<(events: readonly BenchEvent[]) => void>();
  const token = newToken();
  const hash = hashToken(token);
  const metrics = createMetrics({ name: "bench", version: "0" });
  const source = {
    after: async () => [],
    range: async () => ({ oldest: 0, newest: 0 }),
    subscribe: (listener: (events: readonly BenchEvent[]) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const events = createEventStream<BenchEvent, null>({ source, filter: () => true, metrics });
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
  const program = fileURLToPath(new URL("../stream-clients.ts", import.meta.url));
  const child = spawn(process.execPath, [program, `${url}/agents/events`, String(CLIENTS)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TOKEN: token },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  while (events.clients < CLIENTS) await wait(10);
  const cpu = process.cpuUsage();
  const started = performance.now();
  let sent = 0;
  while (performance.now() - started < SECONDS * 1000) {
    const due = Math.floor(((performance.now() - started) / 1000) * perSecond);
    while (sent < due) {
      sent += 1;
      const at = performance.timeOrigin + performance.now();
      const event = { id: sent, type: "transcript.text", data: { at, text: "x".repeat(100) } };
      for (const listener of listeners) listener([event]);
    }
    await wait(2);
  }
  const used = process.cpuUsage(cpu);
  const cores = (used.user + used.system) / 1000 / (performance.now() - started);
  events.closeAll();
  const report = JSON.parse(String((await lines.next()).value)) as { p99: number; events: number };
  await server.close();
  return { ...report, cores };
}

export const eventStream: BenchCase = {
  name: "stream",
  async run() {
    const calm = await stream(40);
    const busy = await stream(1200);
    return [
      {
        what: "stream: 40 events/s to 1,000 clients, p99",
        value: calm.p99,
        unit: "ms",
        floor: null,
        bar: { at: "most", of: "value", limit: 100 },
      },
      {
        what: "stream: 1,200 events/s to 1,000 clients",
        value: busy.events / SECONDS,
        unit: "deliveries/s",
        floor: null,
        bar: { at: "least", of: "value", limit: 1_000_000 },
      },
      {
        what: "stream: processor while doing so",
        value: busy.cores,
        unit: "cores",
        floor: null,
        bar: { at: "most", of: "value", limit: 0.5 },
      },
    ];
  },
};
