import type { Order, OrderHandler } from "../orders.ts";
import { KEYS } from "./keys.ts";
import { checks, type Layout } from "../record-layout.ts";
import { jsonText, readObject } from "./record-text.ts";
import type { RunFunction } from "./run-function.ts";

const ORDER: Layout<Order> = {
  orderId: checks.text,
  kind: checks.oneOf(["kill", "cancel", "kill_all"]),
  agentId: checks.textOrNull,
  by: checks.text,
  why: checks.text,
};

export interface OrderInboxParts {
  readonly run: RunFunction;
  readonly instanceId: string;
  readonly handler: OrderHandler;
  readonly onError: (error: unknown) => void;
}

/** The orders that wait for one instance, each of which is handed over once. */
export function createOrderInbox({ run, instanceId, handler, onError }: OrderInboxParts) {
  /** Handed over, and still waiting for all that Valkey knows: their answer when there is one, null before. */
  const taken = new Map<string, string | null>();
  let closed = false;
  let looking: Promise<void> | null = null;
  let again = false;

  async function send(orderId: string, answer: string): Promise<void> {
    await run("answer_order", orderId, instanceId, answer);
  }

  async function handle(orderId: string, text: string): Promise<void> {
    try {
      const order = readObject(KEYS.order + orderId, text, ORDER);
      const answer = jsonText(await handler(order));
      taken.set(orderId, answer);
      await send(orderId, answer);
    } catch (error) {
      onError(error);
    }
  }

  async function lookOnce(): Promise<void> {
    const found = await run("waiting_orders", instanceId);
    const waiting = new Map<string, string>();
    for (let at = 0; at < found.length; at += 2) waiting.set(String(found[at]), String(found[at + 1]));
    for (const orderId of taken.keys()) if (!waiting.has(orderId)) taken.delete(orderId);
    for (const [orderId, text] of waiting) {
      if (closed) return;
      const answer = taken.get(orderId);
      // An answer that could not be sent is sent again: what was ordered has been done.
      if (typeof answer === "string") await send(orderId, answer);
      if (answer !== undefined) continue;
      taken.set(orderId, null);
      void handle(orderId, text);
    }
  }

  async function lookUntilQuiet(): Promise<void> {
    do {
      again = false;
      await lookOnce();
    } while (again && !closed);
  }

  return {
    /** Hands over what waits and was not handed over yet. */
    look(): Promise<void> {
      again = looking !== null;
      looking ??= lookUntilQuiet().finally(() => (looking = null));
      return looking;
    },
    close(): void {
      closed = true;
    },
  };
}
