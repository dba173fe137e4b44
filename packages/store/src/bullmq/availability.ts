import { createListeners } from "../sqlite/listeners.ts";
import type { Link } from "../valkey/connect.ts";
import { AVAILABLE_CHANNEL } from "./keys.ts";

export interface Availability {
  /** Returns the way to stop. */
  add(listener: () => void): () => void;
  close(): void;
}

export interface AvailabilityOptions {
  /** A connection like it is made: one that listens can do nothing else. */
  readonly link: Link;
  /** Told of what a listener threw, and once when the connection is lost. */
  readonly onError: (error: unknown) => void;
  /** Milliseconds without a word after which the server is asked whether it is there, and as long again given up. */
  readonly silenceMs: number;
}

/**
 * Hears from every process that an entry may have become claimable. What comes together is told once. A connection that
 * was lost comes back by itself, and what it missed is made up for by one announcement.
 * @throws StoreUnavailableError when the server cannot be reached now
 */
export async function openAvailability(options: AvailabilityOptions): Promise<Availability> {
  const { link, onError, silenceMs } = options;
  const listeners = createListeners<void>(onError);
  const announce = onceATurn(() => listeners.call());
  const own = link.another({ clientName: "mosaic-queue", timeoutMs: silenceMs });
  const { redis } = own;
  // The driver's own resubscription fails unseen, as a rejection that nobody handles and that ends the process.
  redis.options.autoResubscribe = false;
  let lost = false;
  const lose = (error: unknown): void => {
    if (!lost) onError(own.fault(error, { reads: true }));
    lost = true;
  };
  const subscribe = async (): Promise<void> => {
    await redis.subscribe(AVAILABLE_CHANNEL);
    lost = false;
    announce();
  };
  try {
    await redis.connect();
    await subscribe();
  } catch (error) {
    redis.disconnect();
    throw own.fault(error, { reads: true });
  }
  redis.on("message", announce);
  redis.on("close", () => lose(new Error("the connection that hears of claimable entries was lost")));
  redis.on("ready", () => {
    subscribe().catch((error: unknown) => {
      lose(error);
      redis.disconnect(true);
    });
  });
  const timer = setInterval(() => {
    if (redis.status === "ready") redis.ping().catch(lose);
  }, silenceMs).unref();
  return {
    add: (listener) => listeners.add(listener),
    close() {
      clearInterval(timer);
      // Nothing to tell any more.
      lost = true;
      redis.disconnect();
    },
  };
}

/** Calls `act` after what runs now, once however often it was asked for. */
function onceATurn(act: () => void): () => void {
  let staged = false;
  return () => {
    if (staged) return;
    staged = true;
    queueMicrotask(() => {
      staged = false;
      act();
    });
  };
}
