import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { NO_USAGE, type PriceTable } from "@mosaic/domain";
import type { ReserveOutcome } from "@mosaic/store";
import type { Logger } from "@mosaic/telemetry";
import type { Dispatcher } from "undici";
import type { Refusal } from "./answer.ts";
import { budgetHeld, overBudget } from "./budget.ts";
import type { CountedRequest } from "./count-turns.ts";
import { estimate, type Estimate } from "./estimate.ts";
import { accountRefusal, discard, noAnswer, pass, send, withheld, type Exchange } from "./forward.ts";
import type { Line, Place } from "./line.ts";
import { createBodyMeter, createStreamMeter, type Meter } from "./meter.ts";
import type { Admitted } from "./policy.ts";
import type { ModelRefusal, OpenDoor } from "./port.ts";
import type { Settlement } from "./settlement.ts";
import { throttleOf } from "./throttle.ts";
import type { Upstream } from "./upstream.ts";
import { broken, type Metered } from "./usage.ts";

export interface SpendOptions {
  readonly door: OpenDoor;
  readonly upstream: Upstream;
  readonly settlement: Settlement;
  readonly line: Line;
  readonly prices: PriceTable;
  /** Milliseconds that a request may wait for its turn, pauses and repetitions included. */
  readonly waitMs: number;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  readonly log: Pick<Logger, "warn" | "debug">;
  /** Told of a refusal that no repetition will change. */
  readonly onFinal: (refusal: ModelRefusal) => void;
  readonly refuse: (refusal: Refusal) => void;
}

export interface Costly extends Exchange {
  readonly admitted: Admitted;
  /** Told, before the agent can ask again, whether the model answered. */
  readonly counted: CountedRequest;
}

/** The API charges nothing for a request that it refuses. */
const FREE: Metered = { usage: NO_USAGE, complete: true };
/** Refusals by a server that did not work on the request. Behind a 502 or 504 it may have. */
const REFUSED_UNSEEN = new Set([500, 503, 529]);

/**
 * A request that costs. It waits for its turn, then its whole possible cost is held within every budget before it is
 * sent; whatever becomes of it, it is settled exactly once, at what the API says, or at all that was held.
 */
export async function spend(options: SpendOptions, costly: Costly): Promise<void> {
  const { line, door, clock, waitMs } = options;
  const most = estimate(costly.admitted, options.prices);
  const deadline = clock() + waitMs;
  for (let again = false; ; again = true) {
    const entered = await line.enter(door.agentId, { deadline, signal: costly.signal, again });
    if (entered.kind === "late") return options.refuse(busy(entered.retryAfterMs));
    const { place } = entered;
    try {
      const outcome = await trySpending(options, costly, { place, most, deadline });
      if (outcome === "over") return;
      // Nobody else waits for this place while this one waits for a settlement.
      place.leave();
      if (outcome !== "again") await outcome.room;
    } finally {
      place.leave();
    }
  }
}

interface Try {
  readonly place: Place;
  readonly most: Estimate;
  readonly deadline: number;
}

type Tried = "over" | "again" | { readonly room: Promise<void> };

async function trySpending(options: SpendOptions, costly: Costly, turn: Try): Promise<Tried> {
  const { settlement, door } = options;
  const { most, deadline } = turn;
  // Taken before the question, so that a settlement right after it is not missed.
  const changed = settlement.changed();
  const reservationId = randomUUID();
  const held = await hold(options, { reservationId, most, signal: costly.signal });
  if (held === null) return "over";
  if (held.kind === "exhausted") {
    const refusal = overBudget(held, most.costUsd);
    options.onFinal({ kind: "budget", message: refusal.message });
    options.refuse(refusal);
    return "over";
  }
  if (held.kind === "held") {
    const left = deadline - options.clock();
    if (left > 0) return { room: firstOf(changed, left, costly.signal) };
    options.refuse(budgetHeld(held));
    return "over";
  }
  // The agent hung up, or its door was revoked, while it was held.
  if (costly.signal.aborted) {
    await settlement.release(reservationId);
    return "over";
  }
  options.log.debug({ agentId: door.agentId, reservationId, costUsd: most.costUsd }, "a request is sent");
  return exchange(options, costly, { ...turn, reservationId });
}

interface Holding {
  readonly reservationId: string;
  readonly most: Estimate;
  readonly signal: AbortSignal;
}

/** Null when the ledger fails: nothing may be spent that cannot be held. */
async function hold(
  { settlement, door, refuse, log }: SpendOptions,
  { reservationId, most: { usage, costUsd }, signal }: Holding,
): Promise<ReserveOutcome | null> {
  const { agentId, taskId, repository, model, taskBudgetUsd } = door;
  try {
    return await settlement.reserve(
      { reservationId, agentId, taskId, repository, model, usage, costUsd },
      taskBudgetUsd,
      signal,
    );
  } catch (error) {
    log.warn({ err: error, agentId }, "a request's cost cannot be held; it is not sent");
    const message = "the ledger cannot be written at the moment; nothing may be spent";
    refuse({ status: 503, type: "api_error", message, retry: true, retryAfter: 5 });
    return null;
  }
}

async function exchange(
  options: SpendOptions,
  costly: Costly,
  turn: Try & { readonly reservationId: string },
): Promise<"over" | "again"> {
  const { upstream, settlement, door, log } = options;
  const { response, signal } = costly;
  const { place, most, deadline, reservationId } = turn;
  const sent = await send(upstream, costly.outgoing, signal);
  if (sent.kind !== "answered") {
    log.warn({ agentId: door.agentId, why: sent.why }, "the model's API has no answer");
    if (sent.kind === "unreachable") await settlement.release(reservationId);
    else await settler(options, reservationId, { status: 502 })(broken({}, most, null));
    options.refuse(noAnswer(sent));
    return "over";
  }
  const { answer } = sent;
  const settle = settler(options, reservationId, {
    status: answer.statusCode,
    requestId: answer.headers["request-id"],
  });
  const throttle = throttleOf(answer);
  if (throttle === null) place.answered();
  else if (place.throttled(answer.statusCode, throttle.retryAfterMs) < deadline) {
    await discard(answer);
    await settle(FREE);
    return "again";
  }
  const final = accountRefusal(answer, upstream.name);
  if (final !== null) options.onFinal({ kind: "account", message: final });
  const instead = withheld(answer);
  if (instead !== null) {
    await discard(answer);
    await settle(answer.statusCode < 300 ? broken({}, most, null) : withoutAnswer(answer, most));
    options.refuse(instead);
    return "over";
  }
  const meter = answer.statusCode < 300 ? meterFor(answer, most) : null;
  const result = (): Metered => meter?.result() ?? withoutAnswer(answer, most);
  try {
    const { onActivity } = door;
    await pass(answer, { response, meter, settle: () => void settle(result()), onActivity, signal });
  } finally {
    // An agent that hangs up has had what it wanted of the answer.
    if (meter !== null && (meter.answered() || signal.aborted)) costly.counted.answered();
    else costly.counted.unanswered();
    // Broken off on one side or the other; after a whole answer this does nothing.
    await settle(result());
  }
  return "over";
}

function withoutAnswer({ statusCode: status }: Dispatcher.ResponseData, most: Estimate): Metered {
  return status < 500 || REFUSED_UNSEEN.has(status) ? FREE : broken({}, most, null);
}

function meterFor(answer: Dispatcher.ResponseData, size: Estimate): Meter {
  const streamed = String(answer.headers["content-type"] ?? "").startsWith("text/event-stream");
  return streamed ? createStreamMeter(size) : createBodyMeter(size);
}

/** Settles a request's bill the first time it is called. */
function settler(
  { door, settlement }: SpendOptions,
  reservationId: string,
  answer: { status: number; requestId?: string | string[] | undefined },
): (metered: Metered) => Promise<void> {
  let settled: Promise<void> | null = null;
  const requestId =
    typeof answer.requestId === "string" ? answer.requestId.slice(0, 100) : `gw_${reservationId}`;
  const { agentId, taskId, model } = door;
  return async (metered) => {
    settled ??= settlement.settle(
      reservationId,
      { agentId, taskId, requestId, model, status: answer.status, ...metered },
      door.onUsage,
    );
    return settled;
  };
}

/** Waits for a change, but no longer than `ms`. @throws the signal's reason */
async function firstOf(changed: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const enough = new AbortController();
  try {
    await Promise.race([changed, delay(ms, undefined, { signal: AbortSignal.any([signal, enough.signal]) })]);
  } finally {
    enough.abort();
  }
  signal.throwIfAborted();
}

function busy(retryAfterMs: number): Refusal {
  const retryAfter = Math.ceil(retryAfterMs / 1000);
  const message = `the model's API is busy, and the gateway has waited as long as it may; try again in ${retryAfter} s`;
  return { status: 529, type: "overloaded_error", message, retry: true, retryAfter };
}
