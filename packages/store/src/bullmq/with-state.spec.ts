import { fencingConformance, recoveryConformance, startValkey } from "@mosaic/testing";
import type { OpenEngine, StateAndQueue, ValkeyInTest } from "@mosaic/testing";
import { afterAll, beforeAll } from "vitest";
import { openValkeyStore } from "../valkey/open.ts";
import { createBullQueue } from "./open.ts";

let valkey: ValkeyInTest;

beforeAll(async () => {
  valkey = await startValkey();
});
afterAll(() => valkey.close());

const open: OpenEngine<StateAndQueue> = async (clock) => {
  const now = (): number => clock.now();
  const openBoth = async (known: string | null) => {
    const store = await openValkeyStore({ url: valkey.url, epoch: known, now });
    const { link, epoch } = store;
    const opened = await createBullQueue({ link, epoch, now, onListenerError: () => undefined });
    return {
      epoch,
      port: { state: store.state, queue: opened.queue },
      close: async () => {
        await opened.close();
        await store.close();
      },
    };
  };
  let both = await openBoth(null);
  return {
    port: both.port,
    async reopen() {
      await both.close();
      both = await openBoth(both.epoch);
      return both.port;
    },
    async close() {
      await both.close();
      await valkey.run("flushall");
    },
  };
};

recoveryConformance("the state in Valkey with the queue on BullMQ", open);
fencingConformance("the state in Valkey with the queue on BullMQ", open);
