import type { Json } from "@mosaic/contracts";
import type { Order, OrderHandler, Orders } from "../orders.ts";

interface Served {
  readonly handler: OrderHandler;
  readonly onError: (error: unknown) => void;
}

interface Given {
  readonly order: Order;
  readonly open: Set<string>;
  readonly answers: Map<string, Json>;
  readonly waiting: Set<() => void>;
}

/** Orders inside one process. */
export function createLocalOrders(): Orders {
  const servers = new Map<string, Served>();
  const given = new Map<string, Given>();

  const handle = async (entry: Given, instanceId: string): Promise<void> => {
    const server = servers.get(instanceId);
    if (server === undefined) return;
    try {
      const answer = await server.handler(entry.order);
      entry.open.delete(instanceId);
      entry.answers.set(instanceId, answer);
      for (const wake of entry.waiting) wake();
    } catch (error) {
      server.onError(error);
    }
  };

  return {
    async give(order, to, keepMs) {
      const entry: Given = { order, open: new Set(to), answers: new Map(), waiting: new Set() };
      given.set(order.orderId, entry);
      setTimeout(() => given.delete(order.orderId), keepMs).unref();
      for (const instanceId of to) void handle(entry, instanceId);
    },
    async answers(orderId, from, ms) {
      const entry = given.get(orderId);
      if (entry === undefined) return new Map();
      const complete = (): boolean => from.every((instanceId) => entry.answers.has(instanceId));
      if (!complete()) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, ms);
        const wake = (): void => {
          if (complete()) resolve();
        };
        entry.waiting.add(wake);
        await promise;
        clearTimeout(timer);
        entry.waiting.delete(wake);
      }
      return new Map([...entry.answers].filter(([instanceId]) => from.includes(instanceId)));
    },
    async serve(instanceId, handler, onError) {
      servers.set(instanceId, { handler, onError });
      for (const entry of given.values()) if (entry.open.has(instanceId)) void handle(entry, instanceId);
      return async () => {
        servers.delete(instanceId);
      };
    },
  };
}
