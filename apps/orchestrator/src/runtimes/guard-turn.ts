import { AttemptFailure } from "@mosaic/domain";
import type { PromptCount } from "../gateway/port.ts";
import type { Session, SessionRequest, Turn } from "./port.ts";

export interface GuardOptions extends Pick<SessionRequest, "beginPrompt"> {
  readonly session: Pick<Session, "cancel" | "kill">;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds the turn may take, or null. */
  readonly timeoutMs: number | null;
  /** Milliseconds between asking the turn to stop and killing its process. */
  readonly graceMs: number;
}

type Why = "signal" | "timeout" | "turns";

/**
 * Stops a turn whose time is up, whose caller gives up, or that asks the model too often: first asks, then kills.
 * @throws AttemptFailure `timeout` when its time was up, and what the turn throws
 */
export async function guardTurn(ended: Promise<Turn>, options: GuardOptions): Promise<Turn> {
  const { session, signal, timeoutMs, graceMs } = options;
  let why: Why | null = null;
  let grace: NodeJS.Timeout | undefined;
  const stop = (reason: Why): void => {
    if (why !== null) return;
    why = reason;
    session.cancel();
    grace = setTimeout(
      () => {
        session.kill().catch(() => undefined);
      },
      reason === "signal" ? (graceOf(signal?.reason) ?? graceMs) : graceMs,
    );
  };
  const onAbort = (): void => stop("signal");
  const count = options.beginPrompt(() => stop("turns"));
  const clock = timeoutMs === null ? undefined : setTimeout(() => stop("timeout"), timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const turn = await ended.catch((error: unknown) => whenStopped(error, why, graceMs));
    // Whatever it says after that, it is over: a program that was refused an answer may well call itself done.
    if (why === "turns") return tooMany(count);
    // A turn that had ended well before the request to stop arrived stays what it is.
    if (why === "timeout" && turn.outcome === "cancelled") {
      throw new AttemptFailure("timeout", `the agent's turn took longer than ${String(timeoutMs)} ms`);
    }
    // Not every runtime counts.
    return { ...turn, requests: Math.max(turn.requests, count.requests) };
  } finally {
    count.end();
    clearTimeout(clock);
    clearTimeout(grace);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Whoever stops a turn may say how long it gets: a cancel has more patience than a shutdown. */
function graceOf(reason: unknown): number | undefined {
  if (!(reason instanceof Error) || !("graceMs" in reason)) return undefined;
  return typeof reason.graceMs === "number" ? reason.graceMs : undefined;
}

/** The end of a turn that threw: expected of one that was told to stop and is killed, or gives up over what it was refused. */
function whenStopped(error: unknown, why: Why | null, graceMs: number): Turn {
  const expected = why === "turns" ? ["killed", "runtime"] : why === null ? [] : ["killed"];
  if (!(error instanceof AttemptFailure) || !expected.includes(error.reason)) throw error;
  return {
    outcome: "cancelled",
    requests: 0,
    message: `it did not stop within ${graceMs} ms and was killed`,
  };
}

function tooMany({ requests }: PromptCount): Turn {
  return { outcome: "max_turns", requests, message: "it asked for more" };
}
