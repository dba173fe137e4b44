import { backoffMs } from "@mosaic/domain";

/** A request's turn at the model's API. */
export interface Place {
  /** The API began to answer it: what was paused may go on a little faster. */
  answered(): void;
  /** The API asked everybody to wait. @param retryAfterMs what it said, or null @returns when the pause ends */
  throttled(status: number, retryAfterMs: number | null): number;
  /** Makes room for the next. Safe to call twice. */
  leave(): void;
}

export type Entered =
  | { readonly kind: "entered"; readonly place: Place }
  /** Its turn will not come in time. */
  | { readonly kind: "late"; readonly retryAfterMs: number };

export interface LineState {
  readonly waiting: number;
  readonly active: number;
  /** Milliseconds until requests go on, and the status that paused them; null when nothing is paused. */
  readonly paused: { readonly ms: number; readonly status: number } | null;
}

/** All requests to one API: so many at a time, fair among agents, and one pause for all when the API is busy. */
export interface Line {
  /** Waits for a turn until `deadline` (as `clock` tells the time). @throws the signal's reason */
  enter(agentId: string, options: EnterOptions): Promise<Entered>;
  state(): LineState;
}

export interface EnterOptions {
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** True for a request that had its turn and was told to come back: it goes first. */
  readonly again: boolean;
}

export interface LineOptions {
  /** Requests under way at a time. */
  readonly concurrency: number;
  /** Milliseconds of a clock that is never set back. */
  readonly clock: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** Pauses when the API does not say how long: 1 s, 2 s, 4 s … */
const BACKOFF = { baseMs: 1000, capMs: 60_000, maxRetries: 0 };
/** What an API may ask for at most: a request that waits longer has been given up by its agent. */
const LONGEST_PAUSE_MS = 600_000;

interface Ticket {
  readonly agentId: string;
  readonly deadline: number;
  readonly settle: (entered: Entered) => void;
}

/** Creates the line of one upstream. */
export function createLine({ concurrency, clock, random }: LineOptions): Line {
  /** By agent, in the order of their turns; an agent that had one goes to the end. */
  const waiting = new Map<string, Ticket[]>();
  let active = 0;
  /** Sent and not answered; while the API recovers, only so many are tried at a time. */
  let unanswered = 0;
  let probes = Number.POSITIVE_INFINITY;
  let strikes = 0;
  let pausedUntil = 0;
  let pausedBy = 0;
  let timer: NodeJS.Timeout | undefined;

  /** What the API said is obeyed; an API that says too little again and again is asked less and less often. */
  function pauseMs(retryAfterMs: number | null): number {
    const own = (times: number): number => backoffMs(times, BACKOFF, random());
    if (retryAfterMs === null) return own(strikes);
    return strikes <= 1 ? retryAfterMs : Math.max(retryAfterMs, own(strikes - 1));
  }

  const size = (): number => [...waiting.values()].reduce((sum, tickets) => sum + tickets.length, 0);

  function add(ticket: Ticket, first: boolean): void {
    const own = waiting.get(ticket.agentId) ?? [];
    if (!first) return void waiting.set(ticket.agentId, [...own, ticket]);
    const others = [...waiting].filter(([agentId]) => agentId !== ticket.agentId);
    waiting.clear();
    for (const [agentId, tickets] of [[ticket.agentId, [ticket, ...own]] as const, ...others])
      waiting.set(agentId, [...tickets]);
  }

  function remove(ticket: Ticket): void {
    const left = (waiting.get(ticket.agentId) ?? []).filter((other) => other !== ticket);
    if (left.length === 0) waiting.delete(ticket.agentId);
    else waiting.set(ticket.agentId, left);
  }

  function next(): Ticket | undefined {
    const ticket = waiting.values().next().value?.[0];
    if (ticket === undefined) return undefined;
    const { agentId } = ticket;
    const [, ...rest] = waiting.get(agentId) ?? [];
    waiting.delete(agentId);
    if (rest.length > 0) waiting.set(agentId, rest);
    return ticket;
  }

  /** Lets in who may go, turns away whose time is up, and comes back when that changes. */
  function advance(): void {
    clearTimeout(timer);
    const now = clock();
    while (now >= pausedUntil && active < concurrency && unanswered < probes) {
      const ticket = next();
      if (ticket === undefined) break;
      ticket.settle({ kind: "entered", place: createPlace() });
    }
    for (const tickets of waiting.values()) {
      for (const ticket of tickets) {
        // Waiting for the end of a pause that comes too late is of no use.
        if (Math.max(now, pausedUntil) < ticket.deadline) continue;
        remove(ticket);
        ticket.settle({ kind: "late", retryAfterMs: Math.max(1000, pausedUntil - now) });
      }
    }
    if (waiting.size === 0) return;
    const deadlines = [...waiting.values()].flat().map((ticket) => ticket.deadline);
    const wake = Math.min(...deadlines, pausedUntil > now ? pausedUntil : Number.POSITIVE_INFINITY);
    timer = setTimeout(advance, Math.max(1, Math.ceil(wake - now)));
  }

  function createPlace(): Place {
    let state: "sent" | "answered" | "left" = "sent";
    active += 1;
    unanswered += 1;
    const hear = (): void => {
      if (state !== "sent") return;
      state = "answered";
      unanswered -= 1;
    };
    return {
      answered() {
        hear();
        strikes = 0;
        probes = probes >= concurrency ? Number.POSITIVE_INFINITY : probes * 2;
        advance();
      },
      throttled(status, retryAfterMs) {
        hear();
        const now = clock();
        // Requests that were under way when the pause began add nothing to it but a longer time.
        if (now >= pausedUntil) strikes += 1;
        const ms = Math.min(LONGEST_PAUSE_MS, pauseMs(retryAfterMs));
        if (now + ms > pausedUntil) {
          pausedUntil = now + ms;
          pausedBy = status;
        }
        probes = 1;
        advance();
        return pausedUntil;
      },
      leave() {
        if (state === "left") return;
        hear();
        state = "left";
        active -= 1;
        advance();
      },
    };
  }

  return {
    async enter(agentId, { deadline, signal, again }) {
      signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<Entered>();
      const ticket: Ticket = { agentId, deadline, settle: resolve };
      const aborted = Promise.withResolvers<never>();
      const onAbort = (): void => {
        remove(ticket);
        aborted.reject(signal.reason);
        advance();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      add(ticket, again);
      try {
        advance();
        return await Promise.race([promise, aborted.promise]);
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    state() {
      const ms = pausedUntil - clock();
      return { waiting: size(), active, paused: ms > 0 ? { ms, status: pausedBy } : null };
    },
  };
}
