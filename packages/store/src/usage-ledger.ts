import type { TokenUsage } from "@mosaic/domain";

/** One request to the model, as it was metered. */
export interface UsageEntry extends TokenUsage {
  readonly agentId: string;
  readonly taskId: string;
  readonly requestId: string;
  readonly model: string;
  /** HTTP status of the answer; 0 when nobody knows whether there was one. */
  readonly status: number;
  readonly costUsd: number;
  readonly priceVersion: string;
  readonly at: string;
  /** False when the answer broke off before its usage was complete. */
  readonly complete: boolean;
}

export interface UsageTotals extends TokenUsage {
  readonly requests: number;
  readonly costUsd: number;
}

/** What is counted against a limit: an agent, its task, a repository, everything, everything since midnight UTC. */
export const BUDGET_SCOPES = ["agent", "task", "repository", "instance", "day"] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** Limits in US dollars; a scope that is not named has none. */
export type BudgetLimits = { readonly [S in BudgetScope]?: number | undefined };

/** A request before it is sent: the most that it may use, and what that would cost. */
export interface Reservation {
  readonly reservationId: string;
  /** Which orchestrator makes it; after a crash its next start settles what it left. */
  readonly owner: string;
  readonly agentId: string;
  readonly taskId: string;
  readonly repository: string;
  readonly model: string;
  readonly usage: TokenUsage;
  readonly costUsd: number;
  readonly priceVersion: string;
  /** RFC 3339, UTC; its date is the day it counts against, whenever it is settled. */
  readonly at: string;
}

/** How a scope stands. Both numbers in US dollars. */
export interface Balance {
  readonly spentUsd: number;
  /** Held by requests that were not settled yet. */
  readonly reservedUsd: number;
}

export type ReserveOutcome =
  | { readonly kind: "reserved" }
  /** `exhausted`: what was spent leaves no room. `held`: there would be room without the requests under way. */
  | ({
      readonly kind: "exhausted" | "held";
      readonly scope: BudgetScope;
      readonly limitUsd: number;
    } & Balance);

/** One thing that has a budget. `subject` is an id, a repository, a date, or empty for the instance. */
export interface BudgetSubject {
  readonly scope: BudgetScope;
  readonly subject: string;
}

export interface SumsQuery {
  readonly by: Exclude<BudgetScope, "instance">;
  /** First day that counts, `YYYY-MM-DD` in UTC; null for all of them. */
  readonly since: string | null;
  readonly limit: number;
}

export interface Sums {
  /** Dearest first; days newest first. */
  readonly items: readonly (UsageTotals & { readonly subject: string })[];
  readonly total: UsageTotals;
}

/**
 * What was spent and what is held for requests under way. Entries are never changed or removed. Amounts are kept in
 * whole billionths of a dollar, so that sums do not drift. Errors: `StoreUnavailableError`.
 */
export interface UsageLedger {
  /** Holds a request's cost if in every scope spent, held and this fit the limit: one step, or nothing is written. */
  reserve(reservation: Reservation, limits: BudgetLimits): Promise<ReserveOutcome>;
  /** Turns a reservation into an entry, once: false, and nothing written, when it was settled or released before. */
  settle(reservationId: string, entry: UsageEntry): Promise<boolean>;
  /** Gives a reservation back: the request was never sent. */
  release(reservationId: string): Promise<void>;
  /** Settles what a dead process of `owner` had reserved, at the whole reservation: nobody knows what was used. */
  settleAbandoned(owner: string, at: string): Promise<number>;
  /** Sums by agent; agents without entries are left out. */
  totals(agentIds: readonly string[]): Promise<ReadonlyMap<string, UsageTotals>>;
  /** In the order of `subjects`; zeros for what has no entry. */
  balances(subjects: readonly BudgetSubject[]): Promise<readonly Balance[]>;
  sums(query: SumsQuery): Promise<Sums>;
}
