import { createAllowed, createTokens } from "./access.ts";
import { createAudit } from "./audit.ts";
import { createFacts } from "./facts.ts";
import { createReservations } from "./reservations.ts";
import type { Ask, Steps } from "./steps.ts";
import { createUsage } from "./usage.ts";

/** Everything that can be asked of the control plane. */
export function createControl(ask: Ask) {
  const usage = createUsage(ask);
  const reservations = createReservations(ask, usage);
  const audit = createAudit(ask);
  const tokens = createTokens(ask);
  const allowed = createAllowed(ask);
  const facts = createFacts(ask);

  /** A write that changes nothing but itself: the only honest answer to "can you write?". */
  function* touch(): Steps<void> {
    yield* ask.probe();
  }

  return {
    /** Each is all or nothing. */
    writes: {
      reserveUsage: reservations.reserve,
      settleUsage: reservations.settle,
      releaseUsage: reservations.release,
      appendAudit: audit.append,
      putToken: tokens.put,
      removeToken: tokens.remove,
      allowSecret: allowed.put,
      disallowSecret: allowed.remove,
      keepFact: facts.setIfAbsent,
      replaceFact: facts.replace,
      touch,
    },
    /** One statement each. */
    reads: {
      usageTotals: usage.totals,
      balances: usage.balances,
      reservationsOf: reservations.reservationsOf,
      listAudit: audit.list,
      findToken: tokens.find,
      listTokens: tokens.list,
      listAllowedSecrets: allowed.list,
      getFact: facts.get,
    },
    /** Several statements that must see the same state. */
    snapshots: {
      usageSums: usage.sums,
      verifyAudit: audit.verify,
    },
  };
}

type Built = ReturnType<typeof createControl>;
export type ControlOperations = Built["writes"] & Built["reads"] & Built["snapshots"];
export type ControlOperation = keyof ControlOperations;
export type Answer<Name extends ControlOperation> =
  ReturnType<ControlOperations[Name]> extends Steps<infer T> ? T : never;

/** An engine that runs the operations. Errors: `StoreUnavailableError`, `CorruptRecordError`, `InvalidChangeError`. */
export interface ControlEngine {
  call<Name extends ControlOperation>(
    name: Name,
    ...args: Parameters<ControlOperations[Name]>
  ): Promise<Answer<Name>>;
}
