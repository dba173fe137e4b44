import { errorOf, ordersConformance, startValkey, type ValkeyInTest } from "@mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Order } from "../orders.ts";
import { KEYS } from "./keys.ts";
import { openStore, storeOn, type StoreInTest } from "./store-in-test.ts";

/** Longer than any answer takes; a test that needs it to pass has failed. */
const LONG = 30_000;
const KEPT = 60_000;

let valkey: ValkeyInTest;
beforeAll(async () => {
  valkey = await startValkey();
});
afterAll(() => valkey.close());

ordersConformance(
  "Valkey",
  storeOn(
    () => valkey,
    (store) => store.orders,
  ),
);

describe("orders between processes", () => {
  let giver: StoreInTest;
  let server: StoreInTest;
  const order = (orderId: string): Order => ({
    orderId,
    kind: "kill_all",
    agentId: null,
    by: "ops",
    why: "w",
  });
  const unexpected = (error: unknown): void => {
    throw error;
  };

  beforeEach(async () => {
    await valkey.run("flushall");
    giver = await openStore(valkey.url);
    server = await openStore(valkey.url);
  });
  afterEach(async () => {
    await giver.close();
    await server.close();
  });

  it("are served by the other one while the giver waits for the answer", async () => {
    await server.orders.serve("b", async ({ why }) => ({ why }), unexpected);
    const answers = giver.orders.answers("o-1", ["b"], LONG);
    await giver.orders.give(order("o-1"), ["b"], KEPT);
    expect(await answers).toEqual(new Map([["b", { why: "w" }]]));
  });

  it("are answered once, however often they are given", async () => {
    let calls = 0;
    await server.orders.serve("b", async () => ++calls, unexpected);
    for (let count = 0; count < 5; count += 1) {
      await giver.orders.give(order("o-1"), ["b"], KEPT);
      expect(await giver.orders.answers("o-1", ["b"], LONG)).toEqual(new Map([["b", 1]]));
    }
    expect(await valkey.run("exists", `${KEYS.orders}b`)).toBe("0");
  });

  it("reach each of many, with an answer of each", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `i-${index}`);
    for (const name of names) await server.orders.serve(name, async () => name, unexpected);
    const ids = ["o-1", "o-2", "o-3"];
    await Promise.all(ids.map((id) => giver.orders.give(order(id), names, KEPT)));
    for (const id of ids) {
      const answers = await giver.orders.answers(id, names, LONG);
      expect(answers).toEqual(new Map(names.map((name) => [name, name])));
    }
  });

  it("are forgotten when their time is over, and leave nothing behind", async () => {
    await giver.orders.give(order("o-1"), ["b", "c"], KEPT);
    await server.orders.serve("c", async () => "late", unexpected);
    await giver.orders.answers("o-1", ["c"], LONG);
    for (const key of [`${KEYS.order}o-1`, `${KEYS.orders}b`, `${KEYS.answers}o-1`]) {
      expect(Number(await valkey.run("pttl", key))).toBeGreaterThan(0);
    }
    await valkey.run("del", `${KEYS.order}o-1`);
    await server.orders.serve("b", () => Promise.reject(new Error("nothing waits")), unexpected);
    expect(await valkey.run("exists", `${KEYS.orders}b`)).toBe("0");
  });

  it("do not wait longer than asked for one that is not there", async () => {
    expect(await giver.orders.answers("o-1", ["nobody"], 20)).toEqual(new Map());
    expect(await giver.orders.answers("o-1", [], LONG)).toEqual(new Map());
  });

  it("that are damaged are reported, and do not keep others from being served", async () => {
    const errors: unknown[] = [];
    await giver.orders.give(order("o-1"), ["b"], KEPT);
    await giver.orders.give(order("o-2"), ["b"], KEPT);
    await valkey.run("set", `${KEYS.order}o-1`, '{"orderId":"o-1"}');
    await server.orders.serve(
      "b",
      async () => "done",
      (error) => errors.push(error),
    );
    expect(await giver.orders.answers("o-2", ["b"], LONG)).toEqual(new Map([["b", "done"]]));
    expect(errors).toMatchObject([{ name: "CorruptRecordError", record: `${KEYS.order}o-1`, field: "kind" }]);
    await valkey.run("hset", `${KEYS.answers}o-2`, "b", "{");
    expect(await errorOf(giver.orders.answers("o-2", ["b"], LONG))).toMatchObject({
      record: `${KEYS.answers}o-2`,
    });
  });
});
