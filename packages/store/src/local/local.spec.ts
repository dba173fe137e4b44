import { instancesConformance, ordersConformance } from "@mosaic/testing";
import { createLocalInstances } from "./instances.ts";
import { createLocalOrders } from "./orders.ts";

const kept = <T>(port: T) => ({ port, reopen: async () => port, close: async () => undefined });

instancesConformance("one process", async (clock) => kept(createLocalInstances(() => clock.now())));
ordersConformance("one process", async () => kept(createLocalOrders()));
