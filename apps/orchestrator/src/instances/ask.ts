import type { Json } from "@mosaic/contracts";
import type { InstanceRecord, Order } from "@mosaic/store";
import type { Services } from "../services.ts";

/** An order waits this long for an orchestrator that is away, in milliseconds. Its own start carries out what is older. */
const KEPT_MS = 24 * 3_600_000;

/**
 * Gives an order to other orchestrators, and waits for what they answer, at most `ms` milliseconds. Those that are silent
 * find it when they are back.
 */
export async function ask(
  { orders, newId }: Pick<Services, "orders" | "newId">,
  order: Omit<Order, "orderId">,
  { to, ms }: { readonly to: readonly InstanceRecord[]; readonly ms: number },
): Promise<ReadonlyMap<string, Json>> {
  if (to.length === 0) return new Map();
  const orderId = newId();
  await orders.give(
    { ...order, orderId },
    to.map(({ instanceId }) => instanceId),
    KEPT_MS,
  );
  const alive = to.filter((instance) => instance.alive).map(({ instanceId }) => instanceId);
  return await orders.answers(orderId, alive, ms);
}
