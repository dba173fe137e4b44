import { setTimeout as delay } from "node:timers/promises";
import type { EventData } from "@mosaic/contracts";
import { costUsd, type PriceTable } from "@mosaic/domain";
import {
  type BudgetLimits,
  isAway,
  type Reservation,
  type ReserveOutcome,
  type UsageEntry,
  type UsageLedger,
} from "@mosaic/store";
import type { Logger, Metrics } from "@mosaic/telemetry";
import { patiently } from "../patience.ts";
import type { Metered } from "./usage.ts";

/** A metered request, before it has a price. */
export interface Bill extends Metered {
  readonly agentId: string;
  readonly taskId: string;
  readonly requestId: string;
  readonly model: string;
  readonly status: number;
}

/** Holds what a request may cost, writes what it did cost, and sees to it that nothing more is spent while that fails. */
export interface Settlement {
  /**
   * Holds a reservation within every limit, or says which one is in the way. @throws when the ledger fails
   * @param taskLimitUsd a limit of the task's own, beside the instance's for all tasks
   * @param signal ends the wait for a ledger that cannot be reached
   */
  reserve(
    reservation: Omit<Reservation, "owner" | "priceVersion" | "at">,
    taskLimitUsd: number | null,
    signal: AbortSignal,
  ): Promise<ReserveOutcome>;
  /** Gives a reservation back: its request was not sent. Never throws: what stays reserved only errs upwards. */
  release(reservationId: string): Promise<void>;
  /** Records a bill; tells `onUsage`. Never throws: what cannot be recorded is kept and tried again. */
  settle(
    reservationId: string,
    bill: Bill,
    onUsage: (usage: EventData<"transcript.usage">) => void,
  ): Promise<void>;
  /** The next time a reservation of this process is settled or released. */
  changed(): Promise<void>;
  /** Records what is left over, waiting for a ledger that cannot be reached. False while that fails: no request may go on. */
  ready(signal: AbortSignal): Promise<boolean>;
  /** Tells of work that will settle a bill, so that `idle` can wait for it. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Waits until every bill so far has been recorded or has failed to be. */
  idle(): Promise<void>;
}

export interface SettlementOptions {
  readonly ledger: Pick<UsageLedger, "reserve" | "settle" | "release">;
  /** Whose reservations these are, over restarts. */
  readonly owner: string;
  readonly limits: BudgetLimits;
  readonly prices: PriceTable;
  /** How long a request waits for a ledger that cannot be reached, in milliseconds; 0 where it is on this machine. */
  readonly patienceMs: number;
  readonly now: () => Date;
  readonly log: Pick<Logger, "warn" | "error">;
  readonly metrics?: Pick<Metrics, "tokens" | "cost"> | undefined;
}

/** Between two tries, in milliseconds. */
const PAUSE_MS = 500;

async function pause(signal: AbortSignal): Promise<void> {
  await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
}

export function createSettlement(options: SettlementOptions): Settlement {
  const { ledger, owner, limits, prices, patienceMs, now, log, metrics } = options;
  const unrecorded = new Map<string, UsageEntry>();
  const pending = new Set<Promise<unknown>>();
  let change = Promise.withResolvers<void>();

  function tellChange(): void {
    change.resolve();
    change = Promise.withResolvers<void>();
  }

  async function record(reservationId: string, entry: UsageEntry): Promise<void> {
    try {
      await ledger.settle(reservationId, entry);
      unrecorded.delete(reservationId);
      tellChange();
    } catch (error) {
      unrecorded.set(reservationId, entry);
      log.error(
        { err: error, requestId: entry.requestId },
        "usage cannot be recorded; the gateway is closed until it can",
      );
    }
  }

  return {
    async reserve(reservation, taskLimitUsd, signal) {
      const task = Math.min(
        limits.task ?? Number.POSITIVE_INFINITY,
        taskLimitUsd ?? Number.POSITIVE_INFINITY,
      );
      const at = now().toISOString();
      const held = { ...reservation, owner, priceVersion: prices.version, at };
      const within = { ...limits, task: Number.isFinite(task) ? task : undefined };
      // The same reservation asked for again is the same reservation.
      const patience = { ms: patienceMs, pauseMs: PAUSE_MS, passes: isAway, signal };
      return await patiently(patience, () => ledger.reserve(held, within));
    },
    async release(reservationId) {
      try {
        await ledger.release(reservationId);
        tellChange();
      } catch (error) {
        log.error({ err: error, reservationId }, "a reservation cannot be given back; it counts as spent");
      }
    },
    async settle(reservationId, bill, onUsage) {
      const { usage, complete, ...request } = bill;
      const cost = costUsd(bill.model, usage, prices);
      const priced = { ...usage, costUsd: cost };
      await record(reservationId, {
        ...request,
        ...priced,
        complete,
        priceVersion: prices.version,
        at: now().toISOString(),
      });
      for (const [type, tokens] of Object.entries(usage))
        metrics?.tokens.inc({ model: bill.model, type }, tokens);
      metrics?.cost.inc({ model: bill.model }, cost);
      const { requestId, model, status } = bill;
      try {
        onUsage({ requestId, model, status, ...priced });
      } catch (error) {
        // The ledger has it; a listener's defect must not break the agent's answer.
        log.warn({ err: error, requestId }, "a listener for usage failed");
      }
    },
    changed: async () => change.promise,
    async during(work) {
      pending.add(work);
      return work.finally(() => pending.delete(work));
    },
    async ready(signal) {
      for (const until = performance.now() + patienceMs; ; await pause(signal)) {
        for (const [reservationId, entry] of unrecorded) await record(reservationId, entry);
        if (unrecorded.size === 0) return true;
        if (signal.aborted || performance.now() >= until) return false;
      }
    },
    async idle() {
      await Promise.allSettled(pending);
    },
  };
}
