import { startValkey, taskQueueConformance, type ValkeyInTest } from "@mosaic/testing";
import { afterAll, beforeAll } from "vitest";
import { openQueue } from "./queue-in-test.ts";

let valkey: ValkeyInTest;

beforeAll(async () => {
  valkey = await startValkey();
});
afterAll(() => valkey.close());

taskQueueConformance("BullMQ on Valkey", async (clock) => {
  const now = (): number => clock.now();
  let opened = await openQueue(valkey.url, { now });
  return {
    port: opened.queue,
    async reopen() {
      await opened.close();
      opened = await openQueue(valkey.url, { now });
      return opened.queue;
    },
    async close() {
      await opened.close();
      await valkey.run("flushall");
    },
  };
});
