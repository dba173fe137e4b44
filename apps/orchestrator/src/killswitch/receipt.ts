import type { KillReceipt } from "@mosaic/contracts";
import type { AgentRecord } from "@mosaic/store";
import { within } from "./within.ts";

/** Writes down what a kill did, step by step, with the time since the order. */
export interface ReceiptBuilder {
  /**
   * Runs a step; its detail is kept. A step that throws, or is not done within the limit (milliseconds), is `ok: false`
   * and counts as left behind: a kill waits for nothing without end.
   */
  step(name: string, action: () => Promise<string | null>, limitMs?: number): Promise<void>;
  /** Names something the kill could not remove. */
  left(what: string): void;
  leftovers(): readonly string[];
  close(agent: AgentRecord, end: Pick<KillReceipt, "status" | "residual" | "push">): KillReceipt;
}

export function createReceipt(now: () => Date, stepMs: number): ReceiptBuilder {
  const started = now().getTime();
  const steps: KillReceipt["steps"] = [];
  const leftovers = new Set<string>();
  const elapsed = (): number => now().getTime() - started;
  const fail = (name: string, detail: string): void => {
    steps.push({ name, ok: false, atMs: elapsed(), detail });
    leftovers.add(`${name}: ${detail}`);
  };
  return {
    async step(name, action, limitMs = stepMs) {
      try {
        const outcome = await within(action(), limitMs);
        if (!outcome.done) return fail(name, `not done within ${limitMs} ms; it goes on`);
        const detail = outcome.value;
        steps.push({ name, ok: true, atMs: elapsed(), ...(detail === null ? {} : { detail }) });
      } catch (error) {
        fail(name, error instanceof Error ? error.message : String(error));
      }
    },
    left: (what) => void leftovers.add(what),
    leftovers: () => [...leftovers],
    close: (agent, { status, residual, push }) => ({
      agentId: agent.agentId,
      status,
      previousStatus: agent.state,
      killedAt: now().toISOString(),
      durationMs: elapsed(),
      steps: [...steps],
      residual: [...new Set(residual)],
      ...(push === undefined ? {} : { push }),
    }),
  };
}
