export { ANONYMOUS, type Caller, type FindToken } from "./caller.ts";
export type { EventStreamSource } from "./event-source.ts";
export { createEventStream, type EventStream, type EventStreamOptions } from "./event-stream.ts";
export type { Handler, Handlers, RequestContext } from "./handler.ts";
export { createHealthHandlers, type HealthCheck, type HealthOptions } from "./health.ts";
export { LOOPBACK_HOSTS } from "./host.ts";
export type { Listening } from "./listen.ts";
export { createHttpServer, type HttpServer, type HttpServerOptions } from "./server.ts";
export { hashToken, newToken } from "./token.ts";
