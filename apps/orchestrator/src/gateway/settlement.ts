import type { EventData } from "@mosaic/contracts";
import { costUsd, type PriceTable } from "@mosaic/domain";
import type { UsageEntry, UsageLedger } from "@mosaic/store";
import type { Logger, Metrics } from "@mosaic/telemetry";
import type { Metered } from "./usage.ts";

/** A metered request, before it has a price. */
export interface Bill extends Metered {
  readonly agentId: string;
  readonly taskId: string;
  readonly requestId: string;
  readonly model: string;
  readonly status: number;
}

/** Writes what was used into the ledger, and sees to it that nothing more is spent while that fails. */
export interface Settlement {
  /** Records a bill; tells `onUsage`. Never throws: what cannot be recorded is kept and tried again. */
  settle(bill: Bill, onUsage: (usage: EventData<"transcript.usage">) => void): Promise<void>;
  /** Records what is left over. False while that fails: no request may go on then. */
  ready(): Promise<boolean>;
  /** Tells of work that will settle a bill, so that `idle` can wait for it. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Waits until every bill so far has been recorded or has failed to be. */
  idle(): Promise<void>;
}

export interface SettlementOptions {
  readonly ledger: UsageLedger;
  readonly prices: PriceTable;
  readonly now: () => Date;
  readonly log: Pick<Logger, "warn" | "error">;
  readonly metrics?: Pick<Metrics, "tokens" | "cost"> | undefined;
}

export function createSettlement({ ledger, prices, now, log, metrics }: SettlementOptions): Settlement {
  const unrecorded = new Set<UsageEntry>();
  const pending = new Set<Promise<unknown>>();

  async function record(entry: UsageEntry): Promise<void> {
    try {
      await ledger.record(entry);
      unrecorded.delete(entry);
    } catch (error) {
      unrecorded.add(entry);
      log.error(
        { err: error, requestId: entry.requestId },
        "usage cannot be recorded; the gateway is closed until it can",
      );
    }
  }

  async function settle(bill: Bill, onUsage: (usage: EventData<"transcript.usage">) => void): Promise<void> {
    const { usage, complete, ...request } = bill;
    const cost = costUsd(bill.model, usage, prices);
    await record({
      ...request,
      ...usage,
      complete,
      costUsd: cost,
      priceVersion: prices.version,
      at: now().toISOString(),
    });
    for (const [type, tokens] of Object.entries(usage))
      metrics?.tokens.inc({ model: bill.model, type }, tokens);
    metrics?.cost.inc({ model: bill.model }, cost);
    const { requestId, model, status } = bill;
    try {
      onUsage({ requestId, model, status, ...usage, costUsd: cost });
    } catch (error) {
      // The ledger has it; a listener's defect must not break the agent's answer.
      log.warn({ err: error, requestId }, "a listener for usage failed");
    }
  }

  return {
    settle,
    async during(work) {
      pending.add(work);
      return work.finally(() => pending.delete(work));
    },
    async ready() {
      for (const entry of unrecorded) await record(entry);
      return unrecorded.size === 0;
    },
    async idle() {
      await Promise.allSettled(pending);
    },
  };
}
