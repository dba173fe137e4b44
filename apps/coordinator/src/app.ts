import { coordinatorRoutes, ProblemError } from "@mosaic/contracts";
import { createHealthHandlers, createHttpServer, type HttpServer, type RequestContext } from "@mosaic/http";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readinessChecks } from "./api/readiness.ts";
import { createWorkArea } from "./checkout/work-area.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { CoordinatorDeps, CoordinatorOptions } from "./options.ts";
import { createPlane, type Plane } from "./plane.ts";

export interface CoordinatorApp {
  readonly server: HttpServer;
  /** Resolves when no request is being worked on, not even for a client that has left. */
  idle(): Promise<void>;
  /** Stops running gates, answers their callers with `shutting_down`, and removes what this process left on disk. */
  close(): Promise<void>;
}

/** A request names up to 100,000 changed files. */
const BODY_LIMIT_BYTES = 32 * 1024 * 1024;

/** The quality plane: builds it, sweeps what a killed process left, and does not listen. */
export async function buildCoordinatorApp(
  deps: CoordinatorDeps,
  options: CoordinatorOptions,
): Promise<CoordinatorApp> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const area = await createWorkArea(join(options.dataDir, "coordinator", "work"), {
    pid: options.pid,
    ids: deps.ids,
  });
  const closing = new AbortController();
  const { sandbox } = deps;
  const plane = sandbox === null ? null : await createPlane({ ...deps, sandbox }, options, { limits, area });
  const server = createServer(deps, options, { plane, closing: closing.signal });
  const idle = async (): Promise<void> => plane?.work.idle();
  return {
    server,
    idle,
    async close() {
      closing.abort(
        new ProblemError("shutting_down", "The coordinator is shutting down.", { retryAfter: 5 }),
      );
      await Promise.all([server.close(), idle(), plane?.store.close()]);
      await area.close();
    },
  };
}

function createServer(
  deps: CoordinatorDeps,
  options: CoordinatorOptions,
  { plane, closing }: { readonly plane: Plane | null; readonly closing: AbortSignal },
): HttpServer {
  const { logger, metrics, findToken, now } = deps;
  const server = createHttpServer({
    name: "coordinator",
    logger,
    metrics,
    findToken,
    allowedHosts: options.allowedHosts,
    allowedOrigins: options.allowedOrigins,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    ...(options.rateLimitPerMinute === undefined ? {} : { rateLimitPerMinute: options.rateLimitPerMinute }),
    now,
  });
  const work = async <T>(
    context: RequestContext,
    run: (plane: Plane, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    if (plane === null) throw new ProblemError("sandbox_unavailable", deps.sandboxDetail);
    try {
      return await plane.work.track(run(plane, AbortSignal.any([context.signal, closing])));
    } catch (error) {
      if (!context.signal.aborted) throw error;
      // Nobody reads this answer; it is not a fault of ours to be logged as one.
      throw new ProblemError("invalid_request", "The client went away before its answer.", { cause: error });
    } finally {
      // A connection kept alive after its answer would hold up the shutdown.
      if (closing.aborted) context.setHeader("connection", "close");
    }
  };
  const health = createHealthHandlers({
    name: "coordinator",
    version: options.version,
    startedAt: now(),
    now,
    checks: readinessChecks(deps, options.dataDir),
    warnings: () => warnings(deps, options),
    sandbox: deps.sandboxFacts,
    metrics,
    routes: coordinatorRoutes,
  });
  server.mount(coordinatorRoutes, {
    ...health,
    checkQuality: ({ body }, context) => work(context, ({ check }, signal) => check(body, signal)),
    prepareDependencies: ({ body }, context) => work(context, ({ prepare }, signal) => prepare(body, signal)),
  });
  return server;
}

function warnings(deps: CoordinatorDeps, options: CoordinatorOptions): readonly string[] {
  return [
    ...(options.yolo ? ["Quality gates disabled (YOLO_MODE)"] : []),
    ...(deps.sandbox?.isolates === false
      ? ["Sandbox off: gates run unprotected on the host (SANDBOX_ENABLED=false)"]
      : []),
  ];
}
