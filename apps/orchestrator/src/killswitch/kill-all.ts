import { type KillReceipt, ProblemError } from "@mosaic/contracts";
import type { Services } from "../services.ts";
import type { Kill, KillOrder } from "./kill.ts";

export interface KilledAll {
  readonly total: number;
  readonly receipts: readonly KillReceipt[];
  readonly errors: readonly { readonly agentId: string; readonly error: string }[];
}

/** Kills every agent that has not ended, in parallel; one that fails does not stop the others. */
export async function killAll(services: Services, kill: Kill, order: KillOrder): Promise<KilledAll> {
  const agentIds = await living(services);
  const outcomes = await Promise.all(
    agentIds.map((agentId) =>
      kill(agentId, order).then(
        (receipt) => ({ agentId, receipt }),
        (error: unknown) => ({ agentId, error }),
      ),
    ),
  );
  const receipts: KillReceipt[] = [];
  const errors: { agentId: string; error: string }[] = [];
  let ended = 0;
  for (const outcome of outcomes) {
    if ("receipt" in outcome) {
      if (outcome.receipt.status === "killed") receipts.push(outcome.receipt);
      else
        errors.push({
          agentId: outcome.agentId,
          error: `left behind: ${outcome.receipt.residual.join("; ")}`,
        });
    } else if (outcome.error instanceof ProblemError && outcome.error.code === "illegal_transition") {
      ended += 1;
    } else {
      const { error } = outcome;
      errors.push({
        agentId: outcome.agentId,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return { total: agentIds.length - ended, receipts, errors };
}

async function living(services: Services): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await services.state.listAgents({
      states: ["spawning", "running"],
      limit: 200,
      ...(cursor === undefined ? {} : { cursor }),
    });
    ids.push(...page.items.map(({ agent }) => agent.agentId));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}
