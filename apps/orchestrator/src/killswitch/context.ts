import { type KillReceipt, ProblemError } from "@mosaic/contracts";
import type { AgentRecord } from "@mosaic/store";
import type { Services } from "../services.ts";
import type { KillOrder } from "./order.ts";
import { within } from "./within.ts";

/** When a workspace may be salvaged and removed. Kill-all stops every agent first. */
export type Pace = <T>(removal: () => Promise<T>) => Promise<T>;

/** Longest waits, in milliseconds. Whatever takes longer is in the receipt's residual, and finished afterwards. */
export interface KillLimits {
  readonly stepMs: number;
  readonly attemptMs: number;
  readonly moveMs: number;
  /** Saving goes on afterwards, and is nothing that is left. */
  readonly saveMs: number;
  readonly remoteMs: number;
}

/** What a kill works with. */
export interface KillContext {
  readonly services: Services;
  readonly limits: KillLimits;
  readonly order: KillOrder;
  readonly pace: Pace;
  readonly start: (agentId: string, order: KillOrder, pace: Pace) => Promise<KillReceipt>;
  /** Agents that were stopped while the store said nothing. */
  readonly unwritten: Set<string>;
  /** Agents whose removal goes on after an order's limits, and is to be finished even if they end by themselves. */
  readonly owed: Set<string>;
}

/** The agent as the store has it. @throws ProblemError agent_not_found; Error when the store does not answer in time */
export async function readAgent({ services, limits }: KillContext, agentId: string): Promise<AgentRecord> {
  const read = await within(services.state.getAgent(agentId), limits.stepMs);
  if (!read.done) throw new Error(`the store did not answer within ${limits.stepMs} ms`);
  if (read.value === null) throw new ProblemError("agent_not_found", `there is no agent ${agentId}`);
  return read.value;
}
