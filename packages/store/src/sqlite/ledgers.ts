import { CHAIN_START } from "../audit-chain.ts";
import type { AllowedSecrets } from "../allowed-secrets.ts";
import type { AuditLog, TokenStore } from "../ledgers.ts";
import type { UsageLedger } from "../usage-ledger.ts";
import type { ChainPosition } from "./engine/audit.ts";
import type { EngineThread } from "./thread.ts";

/** Entries one step of a verification reads; between two steps other requests get their turn. */
const VERIFY_STEP = 500;
const same = <T>(value: T): T => value;

/** The ledger of what was spent. */
export function createUsageLedger(engine: EngineThread): UsageLedger {
  return {
    reserve: (reservation, limits) => engine.call("reserveUsage", [reservation, limits], same),
    settle: (reservationId, entry) => engine.call("settleUsage", [reservationId, entry], same),
    release: (reservationId) => engine.call("releaseUsage", [reservationId], same),
    settleAbandoned: (owner, at) => engine.call("settleAbandoned", [owner, at], same),
    totals: (agentIds) => engine.call("usageTotals", [agentIds], (totals) => new Map(totals)),
    balances: (subjects) => engine.call("balances", [subjects], same),
    sums: (query) => engine.call("usageSums", [query], same),
  };
}

/** The audit log. */
export function createAuditLog(engine: EngineThread): AuditLog {
  return {
    async append({ at, actor, action, subject, reason, data }) {
      const plain: unknown = JSON.parse(JSON.stringify(data ?? null));
      return engine.call("appendAudit", [{ at, actor, action, subject, reason, data: plain }], same);
    },
    list: (after, limit) => engine.call("listAudit", [after, limit], same),
    async verify() {
      let at: ChainPosition = { seq: 0, hash: CHAIN_START };
      for (;;) {
        const step = await engine.call("verifyAudit", [at, VERIFY_STEP], same);
        if (step.kind === "broken") return { ok: false, seq: step.seq };
        if (step.kind === "end") return { ok: true, entries: step.entries };
        at = step.at;
      }
    },
  };
}

/** The access tokens. */
export function createTokenStore(engine: EngineThread): TokenStore {
  return {
    put: (record, hash) => engine.call("putToken", [record, hash], same),
    findByHash: (hash) => engine.call("findToken", [hash], same),
    list: () => engine.call("listTokens", [], same),
    remove: (name) => engine.call("removeToken", [name], same),
  };
}

/** Findings that people have let pass. */
export function createAllowedSecrets(engine: EngineThread): AllowedSecrets {
  return {
    put: (allowed) => engine.call("allowSecret", [allowed], same),
    list: () => engine.call("listAllowedSecrets", [], same),
    remove: (fingerprint) => engine.call("disallowSecret", [fingerprint], same),
  };
}
