import { stateStoreConformance, startValkey, type ValkeyInTest } from "@mosaic/testing";
import { afterAll, beforeAll } from "vitest";
import { storeOn } from "./store-in-test.ts";

let valkey: ValkeyInTest;
beforeAll(async () => {
  valkey = await startValkey();
});
afterAll(() => valkey.close());

stateStoreConformance(
  "Valkey",
  storeOn(
    () => valkey,
    (store) => store.state,
  ),
);
