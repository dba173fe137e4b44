import { instancesConformance, startValkey, type ValkeyInTest } from "@mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { InstanceBeat } from "../instances.ts";
import { openStore, storeOn, type StoreInTest } from "./store-in-test.ts";

let valkey: ValkeyInTest;
beforeAll(async () => {
  valkey = await startValkey();
});
afterAll(() => valkey.close());

instancesConformance(
  "Valkey",
  storeOn(
    () => valkey,
    (store) => store.instances,
  ),
);

describe("instances of several processes", () => {
  const beat = (instanceId: string): InstanceBeat => ({
    instanceId,
    host: "host-1",
    pid: 1,
    home: "/var/lib/mosaic",
    url: "http://127.0.0.1:3001",
    version: "0.1.0",
    capacity: 4,
    running: 0,
    startedAt: "2026-01-01T00:00:00.000Z",
  });
  let stores: readonly [StoreInTest, StoreInTest];

  beforeEach(async () => {
    await valkey.run("flushall");
    stores = [await openStore(valkey.url), await openStore(valkey.url)];
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
  });

  it("see each other", async () => {
    const [one, other] = stores;
    await one.instances.beat(beat("a"), 60_000);
    await other.instances.beat(beat("b"), 60_000);
    expect((await one.instances.list()).map(({ instanceId, alive }) => [instanceId, alive])).toEqual([
      ["a", true],
      ["b", true],
    ]);
    await one.instances.remove("b");
    expect((await other.instances.list()).map(({ instanceId }) => instanceId)).toEqual(["a"]);
  });

  it("are alive or not by the server's clock, whatever theirs say", async () => {
    const [one, other] = stores;
    await one.instances.beat(beat("a"), 60_000);
    await one.instances.beat(beat("b"), 0);
    const [seconds] = (await valkey.run("time")).split("\n").map(Number);
    const [a, b] = await other.instances.list();
    expect([a?.alive, b?.alive]).toEqual([true, false]);
    expect(Math.abs(Date.parse(a?.heartbeatAt ?? "") / 1000 - (seconds ?? 0))).toBeLessThan(60);
  });
});
