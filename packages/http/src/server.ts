import { ProblemError, type RouteTable } from "@mosaic/contracts";
import type { Logger, Metrics } from "@mosaic/telemetry";
import { fastify, type FastifyInstance } from "fastify";
import { createAuthenticator } from "./authenticate.ts";
import { acceptJsonOnly } from "./body-parser.ts";
import type { FindToken } from "./caller.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import { closeGracefully, trackConnections } from "./close.ts";
import { createGuard } from "./guard.ts";
import type { Handlers } from "./handler.ts";
import { createHostCheck } from "./host.ts";
import { listenOn, type Listening } from "./listen.ts";
import { mountRoute } from "./mount.ts";
import { observe } from "./observe.ts";
import { createOriginCheck } from "./origin.ts";
import { createProblemReply } from "./problem-reply.ts";
import { createRateLimiter } from "./rate-limiter.ts";
import { requestIdOf } from "./request-id.ts";
import { createRouteIndex, type RouteIndex } from "./route-index.ts";

export interface HttpServerOptions {
  /** Plane name, for logs and the `WWW-Authenticate` realm. */
  readonly name: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly findToken: FindToken;
  /** `localhost` (any port), `localhost:3001`, `[::1]`; other Host headers get 421. See `LOOPBACK_HOSTS`. */
  readonly allowedHosts: readonly string[];
  /** Origins beside the server's own that may change state or open streams. */
  readonly allowedOrigins: readonly string[];
  /** Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** Requests a minute per token, where the route does not say; default 600. */
  readonly rateLimitPerMinute?: number;
  /** Wrong tokens a minute per address; default 60. */
  readonly failedAuthPerMinute?: number;
  /** Milliseconds for a request's headers, and for the whole request with its body; defaults 10,000 and 30,000. */
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** Milliseconds `close()` waits for running requests; default 10,000. */
  readonly closeGraceMs?: number;
  /** What an error that only the application knows means to a caller; null for a fault of ours (500). It is logged. */
  readonly explain?: (error: unknown) => ProblemError | null;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface HttpServer {
  /** For `inject` in tests; routes go through `mount`. */
  readonly app: FastifyInstance;
  /** Serves a route table: validation, scopes, limits and problems come from the table. Call before `listen`. */
  mount<const T extends RouteTable>(routes: T, handlers: NoInfer<Handlers<T>>): void;
  /** Port 0 takes a free one. */
  listen(address: { readonly host: string; readonly port: number }): Promise<Listening>;
  /** Stops accepting, ends event streams, waits for running requests up to `closeGraceMs`, then cuts them. */
  close(): Promise<void>;
}

const MAX_HEADER_BYTES = 16_384;
const MAX_PARAM_LENGTH = 256;
const MINUTE_MS = 60_000;

function createApp(options: HttpServerOptions): FastifyInstance {
  const replyWithProblem = createProblemReply(options.logger, options.explain);
  const requestTimeout = options.requestTimeoutMs ?? 30_000;
  const headersTimeout = Math.min(options.headersTimeoutMs ?? 10_000, requestTimeout);
  const app: FastifyInstance = fastify({
    logger: false,
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    bodyLimit: options.bodyLimitBytes ?? 1_048_576,
    requestTimeout,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout,
      // Node looks for late requests only this often; its default of 30 s would make both limits a fiction.
      connectionsCheckingInterval: Math.max(100, Math.min(2000, Math.floor(headersTimeout / 4))),
    },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => void replyWithProblem(error, request, reply),
  });
  app.setErrorHandler(replyWithProblem);
  acceptJsonOnly(app);
  return app;
}

/** What every request passes, before its route's own checks. */
function guardEveryRequest(app: FastifyInstance, options: HttpServerOptions, closing: AbortSignal): void {
  const isServed = createHostCheck(options.allowedHosts);
  app.addHook("onRequest", (request, reply, done) => {
    // On the raw response, so that streams carry them as well.
    reply.raw.setHeader("x-request-id", request.id);
    reply.raw.setHeader("x-content-type-options", "nosniff");
    reply.raw.setHeader("cache-control", "no-store");
    if (!isServed(request.headers.host)) {
      done(
        new ProblemError(
          "host_not_allowed",
          "This server is not known by the name in the Host header. If it should be, add it to MOSAIC_ALLOWED_HOSTS.",
        ),
      );
    } else if (closing.aborted) {
      done(
        new ProblemError("shutting_down", `${options.name} is shutting down; try again soon.`, {
          retryAfter: 5,
        }),
      );
    } else done();
  });
}

function answerUnknownRoutes(app: FastifyInstance, index: RouteIndex): void {
  app.setNotFoundHandler((request, reply) => {
    const methods = index.methodsOf(request.url);
    if (methods.length === 0) {
      throw new ProblemError("not_found", `There is no such route; /openapi.json lists what there is.`);
    }
    reply.header("allow", methods.join(", "));
    throw new ProblemError(
      "method_not_allowed",
      `${request.method} is not served here; use ${methods.join(" or ")}.`,
    );
  });
}

/** The HTTP edge of a plane. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const app = createApp(options);
  const connections = trackConnections(app.server);
  const closing = new AbortController();
  const index = createRouteIndex();
  const limiter = createRateLimiter({ windowMs: MINUTE_MS, maxKeys: 10_000, now: options.now ?? Date.now });
  const guard = createGuard({
    realm: options.name,
    limiter,
    ratePerMinute: options.rateLimitPerMinute ?? 600,
    authenticate: createAuthenticator({
      findToken: options.findToken,
      limiter,
      failuresPerMinute: options.failedAuthPerMinute ?? 60,
    }),
  });
  const checkOrigin = createOriginCheck(options.allowedOrigins);
  guardEveryRequest(app, options, closing.signal);
  observe(app, options);
  answerUnknownRoutes(app, index);

  return {
    app,
    mount(routes, handlers) {
      for (const [name, route] of Object.entries(routes)) {
        const deps = { guard, checkOrigin, closing: closing.signal, logger: options.logger };
        index.add(route.path, mountRoute(app, { name, route, handler: handlers[name] }, deps));
      }
    },
    listen: (address) => listenOn(app, address),
    async close() {
      closing.abort();
      await closeGracefully(app, connections, options.closeGraceMs ?? 10_000);
    },
  };
}
