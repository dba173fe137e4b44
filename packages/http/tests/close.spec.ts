import { once } from "node:events";
import { connect } from "node:net";
import { createMetrics } from "@mosaic/telemetry";
import { createLogger } from "@mosaic/telemetry";
import { healthRoutes } from "@mosaic/contracts";
import { expect, it } from "vitest";
import { createHealthHandlers, createHttpServer, LOOPBACK_HOSTS } from "../src/index.ts";

function startServer() {
  const metrics = createMetrics({ name: "close", version: "0" });
  const server = createHttpServer({
    name: "close",
    logger: createLogger({ name: "close", level: "silent", redact: (text) => text }),
    metrics,
    findToken: async () => null,
    allowedHosts: LOOPBACK_HOSTS,
    allowedOrigins: [],
    // Longer than the test: only connections that are ended in time let it pass.
    closeGraceMs: 120_000,
  });
  server.mount(
    healthRoutes,
    createHealthHandlers({
      name: "close",
      version: "0",
      startedAt: 0,
      checks: {},
      warnings: () => [],
      metrics,
      routes: healthRoutes,
    }),
  );
  return server;
}

it("does not wait for a connection that was opened and never used", async () => {
  const server = startServer();
  const { host, port } = await server.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect(port, host);
  await once(socket, "connect");
  // An answer on another connection: the server has surely accepted the first one by then.
  await fetch(`http://${host}:${port}/health`);
  const closed = once(socket, "close");
  await server.close();
  await closed;
  expect(socket.destroyed).toBe(true);
});

it("does not wait for a connection that is kept alive after its answer", async () => {
  const server = startServer();
  const { host, port } = await server.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect(port, host);
  socket.write(`GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await once(socket, "data");
  const closed = once(socket, "close");
  await server.close();
  await closed;
  expect(socket.destroyed).toBe(true);
});
