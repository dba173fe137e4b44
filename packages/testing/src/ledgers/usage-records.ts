import { NO_USAGE } from "@mosaic/domain";
import type { BudgetScope, Reservation, UsageEntry, UsageLedger } from "@mosaic/store";

/** A reservation of a request; what is not chosen is the same each time. */
export function reservation(reservationId: string, choices: Partial<Reservation> = {}): Reservation {
  return {
    reservationId,
    owner: "instance-1",
    agentId: "a1",
    taskId: "t1",
    repository: "https://git.example/one",
    model: "model-1",
    usage: { ...NO_USAGE, cacheWrite5mTokens: 1000, outputTokens: 100 },
    costUsd: 0.5,
    priceVersion: "2026-11",
    at: "2026-01-01T00:00:00.000Z",
    ...choices,
  };
}

/** What a request of agent `a1` turned out to have used. */
export function usageEntry(requestId: string, choices: Partial<UsageEntry> = {}): UsageEntry {
  return {
    agentId: "a1",
    taskId: "t1",
    requestId,
    model: "model-1",
    status: 200,
    inputTokens: 10,
    outputTokens: 20,
    cacheWrite5mTokens: 1,
    cacheWrite1hTokens: 2,
    cacheReadTokens: 3,
    costUsd: 0.25,
    priceVersion: "2026-11",
    at: "2026-01-01T00:00:01.000Z",
    complete: true,
    ...choices,
  };
}

/** A request from its reservation to its entry. */
export async function spend(
  ledger: UsageLedger,
  requestId: string,
  choices: { readonly reservation?: Partial<Reservation>; readonly entry?: Partial<UsageEntry> } = {},
): Promise<void> {
  const { agentId = "a1", taskId = "t1" } = choices.reservation ?? {};
  await ledger.reserve(reservation(requestId, choices.reservation), {});
  await ledger.settle(requestId, usageEntry(requestId, { agentId, taskId, ...choices.entry }));
}

/** Spent and reserved of one subject, in US dollars. */
export async function stand(
  ledger: UsageLedger,
  scope: BudgetScope,
  subject: string,
): Promise<readonly [spentUsd: number, reservedUsd: number]> {
  const [balance] = await ledger.balances([{ scope, subject }]);
  return [balance?.spentUsd ?? Number.NaN, balance?.reservedUsd ?? Number.NaN];
}
