import type { Verdict } from "@mosaic/contracts";
import type { Semaphore } from "async-mutex";
import type { GatePlan, SettledGate } from "./plan.ts";
import { type GateContext, runGate } from "./run-gate.ts";

/**
 * All gates of a phase, at most as many at once as `slots` has places for (shared by every check of this process).
 * @returns one verdict per plan, in their order
 * @throws the signal's reason when the check is cancelled, after every gate of it has ended
 */
export async function runGates(
  plans: readonly GatePlan[],
  context: GateContext,
  slots: Semaphore,
): Promise<readonly Verdict[]> {
  const results = await Promise.allSettled(
    plans.map(async (plan) => {
      if (plan.kind === "settled") return settledVerdict(plan, context.commit);
      return await slots.runExclusive(() => {
        context.signal.throwIfAborted();
        return runGate(plan, context);
      });
    }),
  );
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/** The verdict of a gate that has nothing to run. */
export function settledVerdict(plan: SettledGate, commit: string): Verdict {
  return {
    gate: plan.gate,
    outcome: plan.outcome,
    commit,
    command: null,
    exitCode: null,
    durationMs: 0,
    message: plan.message,
    output: "",
  };
}
