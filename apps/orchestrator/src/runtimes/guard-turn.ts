import { AttemptFailure } from "@mosaic/domain";
import type { Session, Turn } from "./port.ts";

export interface GuardOptions {
  readonly session: Pick<Session, "cancel" | "kill">;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds the turn may take, or null. */
  readonly timeoutMs: number | null;
  /** Milliseconds between asking the turn to stop and killing its process. */
  readonly graceMs: number;
}

/**
 * Stops a turn whose time is up or whose caller gives up: first asks, then kills.
 * @throws AttemptFailure `timeout` when its time was up, and what the turn throws
 */
export async function guardTurn(ended: Promise<Turn>, options: GuardOptions): Promise<Turn> {
  const { session, signal, timeoutMs, graceMs } = options;
  let why: "signal" | "timeout" | null = null;
  let grace: NodeJS.Timeout | undefined;
  const stop = (reason: "signal" | "timeout"): void => {
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
  const clock = timeoutMs === null ? undefined : setTimeout(() => stop("timeout"), timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const turn = await ended.catch((error: unknown) => wasKilled(error, graceMs, why !== null));
    // A turn that had ended well before the request to stop arrived stays what it is.
    if (why === "timeout" && turn.outcome === "cancelled") {
      throw new AttemptFailure("timeout", `the agent's turn took longer than ${String(timeoutMs)} ms`);
    }
    return turn;
  } finally {
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

function wasKilled(error: unknown, graceMs: number, stopping: boolean): Turn {
  if (!stopping || !(error instanceof AttemptFailure) || error.reason !== "killed") throw error;
  return {
    outcome: "cancelled",
    requests: 0,
    message: `it did not stop within ${graceMs} ms and was killed`,
  };
}
