import { type Json, ProblemError } from "@mosaic/contracts";
import type { Order } from "@mosaic/store";
import type { Cancel } from "../killswitch/cancel.ts";
import type { KilledAll } from "../killswitch/kill-all.ts";
import type { Kill } from "../killswitch/kill.ts";
import type { KillOrder } from "../killswitch/order.ts";
import type { Services } from "../services.ts";
import { refuse } from "./answer.ts";
import { AgentElsewhereError } from "./owner.ts";

/** What an orchestrator can be told to do by another one. */
export interface Verbs {
  readonly kill: Kill;
  readonly cancel: Cancel;
  readonly killAll: (order: KillOrder) => Promise<KilledAll>;
}

/** Carries out what other orchestrators ask of this one. Returns the way to stop. */
export async function serveOrders(services: Services, verbs: Verbs): Promise<() => Promise<void>> {
  return await services.orders.serve(
    services.instanceId,
    (order) => carryOut(order, verbs),
    (error) =>
      services.log.error({ err: error }, "an order of another orchestrator could not be carried out"),
  );
}

async function carryOut({ kind, agentId, by, why }: Order, verbs: Verbs): Promise<Json> {
  const order = { by, why };
  if (kind === "kill_all") {
    const { receipts, errors } = await verbs.killAll(order);
    return asJson({ receipts, errors });
  }
  if (agentId === null) throw new Error(`the order '${kind}' names no agent`);
  try {
    return asJson(await (kind === "kill" ? verbs.kill(agentId, order) : verbs.cancel(agentId, order)));
  } catch (error) {
    // An answer like any other: the agent had ended. Whatever else goes wrong leaves the order where it is.
    if (error instanceof ProblemError || error instanceof AgentElsewhereError) return refuse(error.message);
    throw error;
  }
}

const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
