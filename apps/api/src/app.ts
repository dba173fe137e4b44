import type { Config } from "@mosaic/config";
import { apiRoutes } from "@mosaic/contracts";
import {
  createHealthHandlers,
  createHttpServer,
  type FindToken,
  type HttpServer,
  LOOPBACK_HOSTS,
} from "@mosaic/http";
import { createMetrics, type Logger } from "@mosaic/telemetry";
import { createPlaneCheck } from "./health/check-plane.ts";

/** The planes run checks of their own, of up to 2 s each, before they answer. */
const PLANE_TIMEOUT_MS = 5000;

export interface ApiOptions {
  readonly config: Pick<Config, "host" | "allowedHosts" | "allowedOrigins" | "bodyLimit" | "rateLimit">;
  readonly version: string;
  readonly orchestratorUrl: string;
  readonly coordinatorUrl: string;
  readonly findToken: FindToken;
  /** What people should know: sandbox off, scripted model, gates off. */
  readonly warnings: () => readonly string[];
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface ApiApp {
  readonly server: HttpServer;
  close(): Promise<void>;
}

/** Builds the control plane; it does not listen before it is told to. */
export function buildApiApp(options: ApiOptions): ApiApp {
  const { config, version, logger } = options;
  const now = options.now ?? Date.now;
  const metrics = createMetrics({ name: "mosaic-api", version });
  const server = createHttpServer({
    name: "api",
    logger,
    metrics,
    findToken: options.findToken,
    allowedHosts: [...LOOPBACK_HOSTS, config.host, ...config.allowedHosts],
    allowedOrigins: config.allowedOrigins,
    bodyLimitBytes: config.bodyLimit,
    rateLimitPerMinute: config.rateLimit,
    now,
  });
  server.mount(
    apiRoutes,
    createHealthHandlers({
      name: "mosaic-api",
      version,
      startedAt: now(),
      now,
      checks: {
        orchestrator: createPlaneCheck({ url: options.orchestratorUrl, timeoutMs: PLANE_TIMEOUT_MS }),
        coordinator: createPlaneCheck({ url: options.coordinatorUrl, timeoutMs: PLANE_TIMEOUT_MS }),
      },
      checkTimeoutMs: PLANE_TIMEOUT_MS,
      warnings: options.warnings,
      metrics,
      routes: apiRoutes,
    }),
  );
  return { server, close: () => server.close() };
}
