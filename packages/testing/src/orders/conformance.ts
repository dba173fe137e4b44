import { randomUUID } from "node:crypto";
import type { Order, Orders } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";

const KEPT = 60_000;
/** Longer than any answer takes; a test that needs it to pass has failed. */
const LONG = 30_000;

const orderOf = (choices: Partial<Order> = {}): Order => ({
  orderId: randomUUID(),
  kind: "kill",
  agentId: "00000000-0000-4000-8000-000000000001",
  by: "ops",
  why: "it loops",
  ...choices,
});

const unexpected = (error: unknown): void => {
  throw error;
};

/** What the way between orchestrators must do, whatever it goes through. */
export function ordersConformance(name: string, open: OpenEngine<Orders>): void {
  describe(`${name} as a way for orders`, () => {
    const engine = useEngine(open);

    it("brings an order to those it is for, and their answers back", async () => {
      const seen: string[] = [];
      for (const instanceId of ["a", "b", "c"]) {
        await engine.port.serve(
          instanceId,
          async (order) => {
            seen.push(instanceId);
            return { of: instanceId, kind: order.kind };
          },
          unexpected,
        );
      }
      const order = orderOf();
      await engine.port.give(order, ["a", "c"], KEPT);
      const answers = await engine.port.answers(order.orderId, ["a", "c"], LONG);
      expect(Object.fromEntries(answers)).toEqual({
        a: { of: "a", kind: "kill" },
        c: { of: "c", kind: "kill" },
      });
      expect(seen.toSorted()).toEqual(["a", "c"]);
    });

    it("hands over the whole order", async () => {
      const { promise, resolve } = Promise.withResolvers<Order>();
      await engine.port.serve(
        "a",
        async (order) => {
          resolve(order);
          return null;
        },
        unexpected,
      );
      const order = orderOf({ kind: "kill_all", agentId: null, why: 'quotes " and \u{1F642}' });
      await engine.port.give(order, ["a"], KEPT);
      expect(await promise).toEqual(order);
    });

    it("keeps an order for an instance that does not listen yet", async () => {
      const order = orderOf();
      await engine.port.give(order, ["late"], KEPT);
      expect((await engine.port.answers(order.orderId, ["late"], 1)).size).toBe(0);
      await engine.port.serve("late", async () => "here", unexpected);
      expect(await engine.port.answers(order.orderId, ["late"], LONG)).toEqual(new Map([["late", "here"]]));
    });

    it("says what there is when somebody does not answer, and keeps answers", async () => {
      await engine.port.serve("a", async () => 1, unexpected);
      const order = orderOf();
      await engine.port.give(order, ["a", "silent"], KEPT);
      expect(await engine.port.answers(order.orderId, ["a"], LONG)).toEqual(new Map([["a", 1]]));
      expect(await engine.port.answers(order.orderId, ["a", "silent"], 1)).toEqual(new Map([["a", 1]]));
      expect(await engine.port.answers(randomUUID(), ["a"], 1)).toEqual(new Map());
    });

    it("does not take an order for answered that failed", async () => {
      const failed = Promise.withResolvers<unknown>();
      const stop = await engine.port.serve("a", () => Promise.reject(new Error("not now")), failed.resolve);
      const order = orderOf();
      await engine.port.give(order, ["a"], KEPT);
      expect(String(await failed.promise)).toContain("not now");
      await stop();
      expect((await engine.port.answers(order.orderId, ["a"], 1)).size).toBe(0);
      await engine.port.serve("a", async () => "now", unexpected);
      expect(await engine.port.answers(order.orderId, ["a"], LONG)).toEqual(new Map([["a", "now"]]));
    });

    it("brings nothing to one that has stopped, and an answered order only once", async () => {
      let calls = 0;
      const stop = await engine.port.serve(
        "a",
        async () => {
          calls += 1;
          return null;
        },
        unexpected,
      );
      const first = orderOf();
      await engine.port.give(first, ["a"], KEPT);
      await engine.port.answers(first.orderId, ["a"], LONG);
      await stop();
      const second = orderOf();
      await engine.port.give(second, ["a"], KEPT);
      const seen = Promise.withResolvers<string>();
      await engine.port.serve(
        "a",
        async ({ orderId }) => {
          seen.resolve(orderId);
          return null;
        },
        unexpected,
      );
      expect(await seen.promise).toBe(second.orderId);
      expect(calls).toBe(1);
    });
  });
}
