import { ProblemError, type Route } from "@mosaic/contracts";
import type { Logger } from "@mosaic/telemetry";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { Guard } from "./guard.ts";
import type { RequestContext } from "./handler.ts";
import type { OriginCheck } from "./origin.ts";
import { createValidator } from "./validate.ts";

export interface MountDeps {
  readonly guard: Guard;
  readonly checkOrigin: OriginCheck;
  readonly closing: AbortSignal;
  readonly logger: Logger;
}

type AnyHandler = (input: unknown, context: RequestContext) => unknown;

const ABANDONED = Symbol("abandoned");
type Watched = ServerResponse & { [ABANDONED]?: AbortSignal };

/** Fastify's `request.signal` fires when the request is read; this one when the client is gone without its answer. */
function abandonedSignal(response: Watched): AbortSignal {
  const known = response[ABANDONED];
  if (known !== undefined) return known;
  const controller = new AbortController();
  const abandon = () => {
    if (!response.writableFinished) controller.abort(new Error("the client went away"));
  };
  if (response.destroyed) abandon();
  else response.once("close", abandon);
  return (response[ABANDONED] = controller.signal);
}

/**
 * Most handlers never look at their signal, and it costs as much as the rest of a request. An accessor in the literal
 * of each context would cost even more than that (10 µs, measured), hence the prototype.
 */
const lazySignal = {
  get signal(): AbortSignal {
    return abandonedSignal((this as unknown as RequestContext).response);
  },
};

function contextOf(request: FastifyRequest, reply: FastifyReply, deps: MountDeps) {
  let text: string | undefined;
  const context = {
    __proto__: lazySignal,
    caller: deps.guard.callerOf(request),
    requestId: request.id,
    closing: deps.closing,
    request: request.raw,
    response: reply.raw,
    setStatus: (status: number) => void reply.code(status),
    setHeader: (name: string, value: string) => void reply.header(name, value),
    sendText(body: string, contentType: string) {
      reply.header("content-type", contentType);
      text = body;
    },
  } as unknown as RequestContext;
  return { context, text: () => text };
}

async function serveStream(run: () => unknown, reply: FastifyReply, logger: Logger): Promise<FastifyReply> {
  try {
    await run();
    if (!reply.raw.headersSent && !reply.raw.destroyed) throw new Error("the stream's handler wrote nothing");
  } catch (error) {
    // Before the first byte a refusal can still be told; after it the stream can only be cut.
    if (!reply.raw.headersSent) throw error;
    logger.error({ err: error, requestId: reply.request.id }, "an event stream broke");
    reply.raw.destroy();
  }
  return reply.hijack();
}

function send(route: Route, output: unknown, text: string | undefined, reply: FastifyReply): FastifyReply {
  if (route.response === "tar") {
    // Not `reply.send(iterable)`: what breaks off after the first byte has to break the connection, too.
    return reply
      .header("content-type", "application/x-tar")
      .send(Readable.from(output as AsyncIterable<Uint8Array>, { objectMode: false }));
  }
  if (route.response === "text") {
    if (text === undefined) throw new Error("the text route's handler sent no text");
    return reply.send(text);
  }
  const checked = (route.response as Exclude<Route["response"], string>).parse(output);
  return reply.header("content-type", "application/json; charset=utf-8").send(JSON.stringify(checked));
}

/** Registers one route of a table. Answers the methods its path has from now on. */
export function mountRoute(
  app: FastifyInstance,
  { name, route, handler }: { name: string; route: Route; handler: unknown },
  deps: MountDeps,
): readonly string[] {
  const validate = createValidator(route);
  const isStream = route.response === "sse";
  const isWatched = route.method !== "GET" || isStream;
  const withHead = route.method === "GET" && !isStream && route.response !== "tar";
  const handle = handler as AnyHandler;
  app.route({
    method: route.method,
    url: route.path,
    exposeHeadRoute: withHead,
    config: { isStream },
    onRequest: async (request, reply) => {
      const refusal = isWatched ? deps.checkOrigin(request.headers) : null;
      if (refusal !== null) throw new ProblemError("origin_not_allowed", refusal);
      await deps.guard.admit(route, name, request, reply);
    },
    handler: async (request, reply) => {
      const input = validate({ params: request.params, query: request.query, body: request.body });
      const { context, text } = contextOf(request, reply, deps);
      if (isStream) return serveStream(() => handle(input, context), reply, deps.logger);
      reply.code(route.status);
      const output = await handle(input, context);
      return send(route, output, text(), reply);
    },
  });
  return withHead ? ["GET", "HEAD"] : [route.method];
}
