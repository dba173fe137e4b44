import type { Json } from "@mosaic/contracts";

/** Something that orchestrators have to do now, whoever was asked. */
export interface Order {
  readonly orderId: string;
  readonly kind: "kill" | "cancel" | "kill_all";
  /** Null for `kill_all`. */
  readonly agentId: string | null;
  readonly by: string;
  readonly why: string;
}

export type OrderHandler = (order: Order) => Promise<Json>;

/**
 * Orders between the orchestrators that share a store, and their answers. An order lies there until its instance has
 * answered it or `keepMs` milliseconds have passed, so that one that does not listen for a moment gets it all the same. An
 * instance may see an order twice; its answers are kept as long as the order. Every engine passes the suite in
 * `@mosaic/testing`.
 */
export interface Orders {
  give(order: Order, to: readonly string[], keepMs: number): Promise<void>;
  /** Answers by instance: returns when all of `from` have answered, or after `ms` milliseconds with what there is. */
  answers(orderId: string, from: readonly string[], ms: number): Promise<ReadonlyMap<string, Json>>;
  /**
   * Hands an instance the orders that wait for it, then each that comes. What the handler returns is its answer; when it
   * throws, the order goes on waiting. Returns the way to stop.
   */
  serve(
    instanceId: string,
    handler: OrderHandler,
    onError: (error: unknown) => void,
  ): Promise<() => Promise<void>>;
}
