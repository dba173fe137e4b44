import { auditHash, canonicalJson, CHAIN_START } from "../audit-chain.ts";
import type { AuditEntry, NewAuditEntry } from "../ledgers.ts";
import { readInteger, readJson, readText } from "../read-field.ts";
import { CorruptRecordError } from "../store-error.ts";
import type { Ask, Steps } from "./steps.ts";
import type { COLUMNS } from "./tables.ts";

/** How far a verification has come. */
export interface ChainPosition {
  readonly seq: number;
  readonly hash: string;
}

export type ChainStep =
  | { readonly kind: "broken"; readonly seq: number }
  | { readonly kind: "more"; readonly at: ChainPosition }
  | { readonly kind: "end"; readonly entries: number };

type AuditRow = Readonly<Record<(typeof COLUMNS)["audit"][number], unknown>>;

/** The audit log. Triggers refuse changes and deletions; the chain shows those that were made without them. */
export function createAudit(ask: Ask) {
  function* append(given: NewAuditEntry): Steps<AuditEntry> {
    const entry = storable(given);
    const [head] = yield* ask.takeAuditPlace();
    if (head === undefined) throw new CorruptRecordError("the end of the audit log", "seq", "is missing");
    const seq = readInteger(head, "seq", "the end of the audit log");
    const previousHash = readText(head, "hash", "the end of the audit log");
    const hash = auditHash(previousHash, seq, entry);
    const data = canonicalJson(entry.data);
    yield* ask.insertAudit({ ...entry, data, seq, previous_hash: previousHash, hash });
    yield* ask.setAuditHash({ hash });
    return { ...entry, seq, previousHash, hash };
  }

  function* list(after: number, limit: number): Steps<readonly AuditEntry[]> {
    return (yield* ask.auditAfter({ after, limit })).map(toAuditEntry);
  }

  /** Checks up to `limit` entries after `from`, so that a long log is verified in steps. */
  function* verify(from: ChainPosition, limit: number): Steps<ChainStep> {
    const rows = yield* ask.auditAfter({ after: from.seq, limit });
    let at = from;
    for (const row of rows) {
      const hash = fittingHash(row, at);
      if (hash === null) return { kind: "broken", seq: Number(row.seq) };
      at = { seq: at.seq + 1, hash };
    }
    if (rows.length === limit) return { kind: "more", at };
    // The end is kept apart from the rows: entries cut off leave it ahead of them.
    const [head] = yield* ask.auditHead();
    const fits = head?.seq === at.seq && head.hash === at.hash;
    return fits ? { kind: "end", entries: at.seq } : { kind: "broken", seq: at.seq + 1 };
  }

  return { append, list, verify };
}

/** Text as every engine keeps it: no NUL, no half of a surrogate pair. The hash is made of what can be read again. */
function storable({ at, actor, action, subject, reason, data }: NewAuditEntry): NewAuditEntry {
  const text = (value: string): string => value.toWellFormed().replaceAll("\0", "\uFFFD");
  return {
    at: text(at),
    actor: text(actor),
    action: text(action),
    subject: text(subject),
    reason: text(reason),
    data,
  };
}

/** The hash of a row that follows `at`, or null when it does not. */
export function fittingHash(row: AuditRow, at: ChainPosition): string | null {
  if (row.seq !== at.seq + 1 || row.previous_hash !== at.hash) return null;
  try {
    const entry = toAuditEntry(row);
    return auditHash(at.hash, entry.seq, entry) === entry.hash ? entry.hash : null;
  } catch (error) {
    if (error instanceof CorruptRecordError) return null;
    throw error;
  }
}

/** Before the first entry. */
export const START: ChainPosition = { seq: 0, hash: CHAIN_START };

/** @throws CorruptRecordError */
function toAuditEntry(row: AuditRow): AuditEntry {
  const seq = readInteger(row, "seq", "an audit entry");
  const record = `audit entry ${seq}`;
  return {
    seq,
    at: readText(row, "at", record),
    actor: readText(row, "actor", record),
    action: readText(row, "action", record),
    subject: readText(row, "subject", record),
    reason: readText(row, "reason", record),
    data: readJson(row, "data", record, "any"),
    previousHash: readText(row, "previous_hash", record),
    hash: readText(row, "hash", record),
  };
}
