import type { AllowedSecrets } from "../allowed-secrets.ts";
import type { InstallationFacts } from "../installation-facts.ts";
import type { AuditLog, TokenStore } from "../ledgers.ts";
import type { Reservation, UsageEntry, UsageLedger } from "../usage-ledger.ts";
import { START } from "./audit.ts";
import type { ControlEngine } from "./operations.ts";

/** Entries one step of a verification reads; between two steps other requests get their turn. */
const VERIFY_STEP = 500;
const SETTLE_AT_ONCE = 50;

/** The ports of the control plane, on any engine. */
export interface ControlPorts {
  readonly usage: UsageLedger;
  readonly audit: AuditLog;
  readonly tokens: TokenStore;
  readonly allowedSecrets: AllowedSecrets;
  readonly facts: InstallationFacts;
}

export function createControlPorts(engine: ControlEngine): ControlPorts {
  return {
    usage: createUsageLedger(engine),
    audit: createAuditLog(engine),
    tokens: {
      put: (record, hash) => engine.call("putToken", record, hash),
      findByHash: (hash) => engine.call("findToken", hash),
      list: () => engine.call("listTokens"),
      remove: (name) => engine.call("removeToken", name),
    },
    allowedSecrets: {
      put: (allowed) => engine.call("allowSecret", allowed),
      list: () => engine.call("listAllowedSecrets"),
      remove: (fingerprint) => engine.call("disallowSecret", fingerprint),
    },
    facts: {
      get: (key) => engine.call("getFact", key),
      setIfAbsent: (key, value) => engine.call("keepFact", key, value),
      replace: (key, value) => engine.call("replaceFact", key, value),
    },
  };
}

function createUsageLedger(engine: ControlEngine): UsageLedger {
  return {
    reserve: (reservation, limits) => engine.call("reserveUsage", reservation, limits),
    settle: (reservationId, entry) => engine.call("settleUsage", reservationId, entry),
    release: (reservationId) => engine.call("releaseUsage", reservationId),
    /** Each by itself: one that another process has settled meanwhile is not counted. */
    async settleAbandoned(owner, at) {
      const left = await engine.call("reservationsOf", owner);
      let settled = 0;
      for (let from = 0; from < left.length; from += SETTLE_AT_ONCE) {
        const first = await Promise.all(
          left
            .slice(from, from + SETTLE_AT_ONCE)
            .map((one) => engine.call("settleUsage", one.reservationId, unknownUse(one, at))),
        );
        settled += first.filter(Boolean).length;
      }
      return settled;
    },
    totals: async (agentIds) => new Map(await engine.call("usageTotals", agentIds)),
    balances: (subjects) => engine.call("balances", subjects),
    sums: (query) => engine.call("usageSums", query),
  };
}

/** All that was reserved: the process died, and nobody knows how much of it was used. */
function unknownUse(reservation: Reservation, at: string): UsageEntry {
  const { reservationId, agentId, taskId, model, usage, costUsd, priceVersion } = reservation;
  const request = { agentId, taskId, requestId: `lost_${reservationId}`, model, status: 0 };
  return { ...request, ...usage, costUsd, priceVersion, at, complete: false };
}

function createAuditLog(engine: ControlEngine): AuditLog {
  return {
    async append({ at, actor, action, subject, reason, data }) {
      const plain: unknown = JSON.parse(JSON.stringify(data ?? null));
      return engine.call("appendAudit", { at, actor, action, subject, reason, data: plain });
    },
    list: (after, limit) => engine.call("listAudit", after, limit),
    async verify() {
      let at = START;
      for (;;) {
        const step = await engine.call("verifyAudit", at, VERIFY_STEP);
        if (step.kind === "broken") return { ok: false, seq: step.seq };
        if (step.kind === "end") return { ok: true, entries: step.entries };
        at = step.at;
      }
    },
  };
}
