import { AttemptFailure } from "@mosaic/domain";
import type { Session } from "./port.ts";

/**
 * Waits until a new session is ready. Nothing is left of one that is not, or that nobody wants any more.
 * @throws what `begin` throws; AttemptFailure `killed` when the signal is aborted first
 */
export async function beginSession(
  session: Session,
  begin: () => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<Session> {
  const stop = (): void => void session.kill();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    if (signal?.aborted === true) throw new AttemptFailure("killed", "stopped before the agent was ready");
    await begin();
    return session;
  } catch (error) {
    // Nobody else knows of this sandbox yet.
    await session.kill();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
