import type { KillReceipt } from "@mosaic/contracts";
import type { AgentRecord } from "@mosaic/store";

/** Writes down what a kill did, step by step, with the time since the order. */
export interface ReceiptBuilder {
  /** Runs a step; its detail is kept. A step that throws is `ok: false` and counts as left behind. */
  step(name: string, action: () => Promise<string | null>): Promise<void>;
  /** Names something the kill could not remove. */
  left(what: string): void;
  leftovers(): readonly string[];
  close(residual: readonly string[]): KillReceipt;
}

export function createReceipt(agent: AgentRecord, now: () => Date): ReceiptBuilder {
  const started = now().getTime();
  const steps: KillReceipt["steps"] = [];
  const leftovers = new Set<string>();
  const elapsed = (): number => now().getTime() - started;
  return {
    async step(name, action) {
      try {
        const detail = await action();
        steps.push({ name, ok: true, atMs: elapsed(), ...(detail === null ? {} : { detail }) });
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        steps.push({ name, ok: false, atMs: elapsed(), detail });
        leftovers.add(`${name}: ${detail}`);
      }
    },
    left: (what) => void leftovers.add(what),
    leftovers: () => [...leftovers],
    close: (residual) => ({
      agentId: agent.agentId,
      status: agent.state,
      previousStatus: agent.state,
      killedAt: now().toISOString(),
      durationMs: elapsed(),
      steps,
      residual: [...new Set(residual)],
    }),
  };
}
