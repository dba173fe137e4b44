import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { NO_USAGE } from "@mosaic/domain";
import type { Logger } from "@mosaic/telemetry";
import type { Dispatcher } from "undici";
import { forbidden, refuse, type Refusal } from "./answer.ts";
import { endpointOf, type Endpoint } from "./endpoint.ts";
import { discard, noAnswer, pass, send, withheld, type Outgoing } from "./forward.ts";
import { createBodyMeter, createStreamMeter, type Meter } from "./meter.ts";
import { admit, type Admitted, type PolicyOptions } from "./policy.ts";
import type { OpenDoor } from "./port.ts";
import { readBody } from "./read-body.ts";
import type { Settlement } from "./settlement.ts";
import type { Upstream } from "./upstream.ts";
import { broken, type Metered } from "./usage.ts";

export interface HandlerOptions extends Pick<PolicyOptions, "maxTokensLimit"> {
  readonly door: OpenDoor;
  readonly upstream: Upstream;
  readonly settlement: Settlement;
  readonly maxBodyBytes: number;
  readonly log: Pick<Logger, "warn" | "debug">;
}

type Handler = (request: IncomingMessage, response: ServerResponse, signal: AbortSignal) => Promise<void>;

/** Handles one agent's requests: checks them, sends them on with the key, passes the answers back, and meters them. */
export function createHandler(options: HandlerOptions): Handler {
  const { door, upstream, log } = options;

  async function refused(response: ServerResponse, why: Refusal): Promise<void> {
    log.debug({ agentId: door.agentId, status: why.status, why: why.message }, "a model request was refused");
    refuse(response, why);
  }

  return async (request, response, signal) => {
    const endpoint = endpointOf(request.method, request.url);
    if (endpoint === null) {
      return refused(response, {
        ...forbidden("the gateway has no such endpoint"),
        status: 404,
        type: "not_found_error",
        hangUp: true,
      });
    }
    if (endpoint.kind === "hello") {
      response.writeHead(200).end();
      return;
    }
    if (!(await options.settlement.ready())) {
      const message = "what was spent cannot be recorded at the moment; nothing more may be spent";
      return refused(response, { status: 503, type: "api_error", message, retry: true, retryAfter: 5 });
    }
    const outgoing: Outgoing = { method: "GET", path: endpoint.path, headers: request.headers, body: null };
    if (endpoint.kind === "models") return relay(upstream, { outgoing, response, signal });
    const admitted = await admitBody(request, endpoint.kind, options);
    if ("status" in admitted) return refused(response, admitted);
    // The agent hung up, or its door was revoked: nothing has been spent yet.
    if (signal.aborted) return;
    const posted: Outgoing = { ...outgoing, method: "POST", body: admitted.body };
    if (endpoint.kind === "count_tokens") return relay(upstream, { outgoing: posted, response, signal });
    return options.settlement.during(sendMetered(options, { outgoing: posted, admitted, response, signal }));
  };
}

async function admitBody(
  request: IncomingMessage,
  kind: Exclude<Endpoint["kind"], "hello" | "models">,
  { door, maxTokensLimit, maxBodyBytes }: HandlerOptions,
): Promise<Admitted | Refusal> {
  const text = await readBody(request, maxBodyBytes);
  return typeof text === "string" ? admit(text, kind, { model: door.model, maxTokensLimit }) : text;
}

interface Exchange {
  readonly outgoing: Outgoing;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

/** A request that costs nothing. */
async function relay(upstream: Upstream, { outgoing, response, signal }: Exchange): Promise<void> {
  const sent = await send(upstream, outgoing, signal);
  if (sent.kind !== "answered") return refuse(response, noAnswer(sent));
  const instead = withheld(sent.answer);
  if (instead === null)
    return pass(sent.answer, { response, meter: null, settle: async () => undefined, signal });
  await discard(sent.answer);
  refuse(response, instead);
}

/** A request that costs: whatever becomes of it, it is settled exactly once. */
async function sendMetered(
  options: HandlerOptions,
  exchange: Exchange & { readonly admitted: Admitted },
): Promise<void> {
  const { admitted, outgoing, response, signal } = exchange;
  const size = { bytes: Buffer.byteLength(admitted.body), maxTokens: admitted.maxTokens };
  const sent = await send(options.upstream, outgoing, signal);
  if (sent.kind !== "answered") {
    options.log.warn({ agentId: options.door.agentId, why: sent.why }, "the model's API has no answer");
    if (sent.kind === "lost") await settler(options, admitted, { status: 502 })(broken({}, size, null));
    return refuse(response, noAnswer(sent));
  }
  const { answer } = sent;
  const settle = settler(options, admitted, {
    status: answer.statusCode,
    requestId: answer.headers["request-id"],
  });
  const instead = withheld(answer);
  if (instead !== null) {
    await discard(answer);
    await settle(answer.statusCode < 300 ? broken({}, size, null) : FREE);
    return refuse(response, instead);
  }
  const meter = answer.statusCode < 300 ? meterFor(answer, size) : null;
  const result = (): Metered => meter?.result() ?? FREE;
  try {
    await pass(answer, { response, meter, settle: async () => settle(result()), signal });
  } finally {
    // Broken off on one side or the other; after a whole answer this does nothing.
    await settle(result());
  }
}

/** The API charges nothing for a request that it refuses. */
const FREE: Metered = { usage: NO_USAGE, complete: true };

function meterFor(answer: Dispatcher.ResponseData, size: { bytes: number; maxTokens: number }): Meter {
  const streamed = String(answer.headers["content-type"] ?? "").startsWith("text/event-stream");
  return streamed ? createStreamMeter(size) : createBodyMeter(size);
}

/** Settles a request's bill the first time it is called. */
function settler(
  { door, settlement }: HandlerOptions,
  { model }: Admitted,
  answer: { status: number; requestId?: string | string[] | undefined },
): (metered: Metered) => Promise<void> {
  let settled: Promise<void> | null = null;
  const requestId =
    typeof answer.requestId === "string" ? answer.requestId.slice(0, 100) : `gw_${randomUUID()}`;
  const { agentId, taskId } = door;
  return async (metered) => {
    settled ??= settlement.settle(
      { agentId, taskId, requestId, model, status: answer.status, ...metered },
      door.onUsage,
    );
    return settled;
  };
}
