import type { Logger, Metrics } from "@mosaic/telemetry";
import type { FastifyInstance, FastifyRequest } from "fastify";

const METHODS = new Set(["GET", "HEAD", "POST"]);

function isStream(request: FastifyRequest): boolean {
  return (request.routeOptions.config as { isStream?: boolean }).isStream === true;
}

/** Measures and logs every answer, by route pattern: URLs hold ids and, from careless clients, secrets. */
export function observe(
  app: FastifyInstance,
  { logger, metrics }: { logger: Logger; metrics: Metrics },
): void {
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.is404 ? "unmatched" : (request.routeOptions.url ?? "unmatched");
    const method = METHODS.has(request.method) ? request.method : "other";
    const status = reply.raw.statusCode;
    // A stream ends when its reader leaves: its length says nothing about us.
    if (!isStream(request)) {
      metrics.httpDuration.observe({ route, method, status }, reply.elapsedTime / 1000);
    }
    const facts = { requestId: request.id, method, route, status, ms: Math.round(reply.elapsedTime) };
    if (method === "POST") logger.info(facts, "request");
    else logger.debug(facts, "request");
    done();
  });
}
