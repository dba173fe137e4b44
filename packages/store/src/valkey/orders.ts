import type { Json } from "@mosaic/contracts";
import type { Order, OrderHandler, Orders } from "../orders.ts";
import { StoreUnavailableError } from "../store-error.ts";
import type { EventFeed } from "./event-feed.ts";
import { KEYS } from "./keys.ts";
import { createOrderInbox } from "./order-inbox.ts";
import { jsonText, parse } from "./record-text.ts";
import type { RunFunction } from "./run-function.ts";

/** Orders between processes: each lies in Valkey until it is answered or its time is over. */
export function createOrders(run: RunFunction, feed: EventFeed): Orders {
  async function read(orderId: string, from: readonly string[]): Promise<Map<string, Json>> {
    const found = await run("order_answers", orderId, ...from);
    const answers = new Map<string, Json>();
    from.forEach((instanceId, index) => {
      const text = found[index];
      if (typeof text === "string") answers.set(instanceId, parse(KEYS.answers + orderId, text) as Json);
    });
    return answers;
  }

  return {
    async give(order: Order, to, keepMs) {
      await run("give_order", order.orderId, jsonText(order), keepMs, ...to);
    },
    async answers(orderId, from, ms) {
      const asked = [...new Set(from)];
      let news = Promise.withResolvers<void>();
      let over = false;
      const stop = feed.onOrder(() => news.resolve());
      const timer = setTimeout(() => {
        over = true;
        news.resolve();
      }, ms);
      try {
        for (;;) {
          const last = over;
          const answers = await read(orderId, asked);
          if (last || answers.size === asked.length) return answers;
          await news.promise;
          news = Promise.withResolvers<void>();
        }
      } finally {
        clearTimeout(timer);
        stop();
      }
    },
    async serve(instanceId: string, handler: OrderHandler, onError) {
      const report = (error: unknown): void => {
        // What waits, or could not be answered, waits for the next start.
        if (!(error instanceof StoreUnavailableError && error.code === "closed")) onError(error);
      };
      const inbox = createOrderInbox({ run, instanceId, handler, onError: report });
      const stop = feed.onOrder(() => void inbox.look().catch(report));
      await inbox.look().catch((error: unknown) => {
        stop();
        throw error;
      });
      return async () => {
        stop();
        inbox.close();
      };
    },
  };
}
