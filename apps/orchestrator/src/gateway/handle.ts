import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "@mosaic/telemetry";
import { forbidden, refuse, type Refusal } from "./answer.ts";
import type { TurnCounter } from "./count-turns.ts";
import { endpointOf, type Endpoint } from "./endpoint.ts";
import { discard, noAnswer, pass, send, withheld, type Exchange, type Outgoing } from "./forward.ts";
import { admit, type Admitted, type PolicyOptions } from "./policy.ts";
import { readBody } from "./read-body.ts";
import { spend, type SpendOptions } from "./spend.ts";
import type { Upstream } from "./upstream.ts";

export interface HandlerOptions
  extends Pick<PolicyOptions, "maxTokensLimit">, Omit<SpendOptions, "refuse" | "log"> {
  readonly turns: Pick<TurnCounter, "enter">;
  readonly maxBodyBytes: number;
  readonly log: Pick<Logger, "warn" | "debug">;
}

const ALL_HAD = "this prompt has had as many model requests as it may (options.maxTurns of the task)";

type Handler = (request: IncomingMessage, response: ServerResponse, signal: AbortSignal) => Promise<void>;

/** Handles one agent's requests: checks them, sends them on with the key, passes the answers back, and meters them. */
export function createHandler(options: HandlerOptions): Handler {
  const { door, upstream, log } = options;

  function refused(response: ServerResponse, why: Refusal): void {
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
    if (!(await options.settlement.ready(signal))) {
      const message = "what was spent cannot be recorded at the moment; nothing more may be spent";
      return refused(response, { status: 503, type: "api_error", message, retry: true, retryAfter: 5 });
    }
    const bare: Outgoing = { method: "GET", path: endpoint.path, headers: request.headers, body: null };
    if (endpoint.kind === "models") return relay(upstream, { outgoing: bare, response, signal });
    const admitted = await admitBody(request, endpoint.kind, options);
    if ("status" in admitted) return refused(response, admitted);
    if (door.onRequest?.(admitted.body) === true)
      return refused(response, forbidden("the request holds what must not leave this machine"));
    // The agent hung up, or its door was revoked: nothing has been spent yet.
    if (signal.aborted) return;
    const posted: Outgoing = { ...bare, method: "POST", body: admitted.body };
    if (endpoint.kind === "count_tokens") return relay(upstream, { outgoing: posted, response, signal });
    const counted = options.turns.enter();
    if (counted === null) return refused(response, forbidden(ALL_HAD));
    const outgoing = { ...posted, streamed: admitted.streamed };
    const refuseIt = (why: Refusal): void => refused(response, why);
    const spent = spend({ ...options, refuse: refuseIt }, { outgoing, admitted, counted, response, signal });
    return options.settlement.during(spent.finally(counted.unanswered));
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

/** A request that costs nothing. */
async function relay(upstream: Upstream, { outgoing, response, signal }: Exchange): Promise<void> {
  const sent = await send(upstream, outgoing, signal);
  if (sent.kind !== "answered") return refuse(response, noAnswer(sent));
  const instead = withheld(sent.answer);
  if (instead === null) return pass(sent.answer, { response, meter: null, settle: () => undefined, signal });
  await discard(sent.answer);
  refuse(response, instead);
}
