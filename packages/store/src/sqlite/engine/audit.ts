import type { DatabaseSync } from "node:sqlite";
import { auditHash, canonicalJson, CHAIN_START } from "../../audit-chain.ts";
import type { AuditEntry, NewAuditEntry } from "../../ledgers.ts";
import { CorruptRecordError } from "../../store-error.ts";
import { readJson, selectList, type Row } from "./rows.ts";

/** How far a verification has come. */
export interface ChainPosition {
  readonly seq: number;
  readonly hash: string;
}

export type ChainStep =
  | { readonly kind: "broken"; readonly seq: number }
  | { readonly kind: "more"; readonly at: ChainPosition }
  | { readonly kind: "end"; readonly entries: number };

/** The audit log. Triggers refuse changes and deletions; the chain shows those that were made without them. */
export function createAuditTable(db: DatabaseSync) {
  const fields = ["seq", "at", "actor", "action", "subject", "reason", "data", "previousHash", "hash"];
  const last = db.prepare("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
  const after = db.prepare(`SELECT ${selectList(fields)} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`);
  const newest = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'audit'");
  const insert = db.prepare(
    `INSERT INTO audit (seq, at, actor, action, subject, reason, data, previous_hash, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );

  return {
    append: (entry: NewAuditEntry): AuditEntry => {
      const previous = last.get();
      const seq = Number(newest.get()?.["seq"] ?? 0) + 1;
      const previousHash = previous === undefined ? CHAIN_START : String(previous["hash"]);
      const hash = auditHash(previousHash, seq, entry);
      const { at, actor, action, subject, reason, data } = entry;
      insert.run(seq, at, actor, action, subject, reason, canonicalJson(data), previousHash, hash);
      return { ...entry, seq, previousHash, hash };
    },
    list: (afterSeq: number, limit: number): readonly AuditEntry[] => {
      return after.all(afterSeq, limit).map(toEntry);
    },
    /** Checks up to `limit` entries after `from`, so that a long log is verified in steps. */
    verify: (from: ChainPosition, limit: number): ChainStep => {
      const rows = after.all(from.seq, limit);
      let at = from;
      for (const row of rows) {
        const hash = fittingHash(row, at);
        if (hash === null) return { kind: "broken", seq: Number(row["seq"]) };
        at = { seq: at.seq + 1, hash };
      }
      if (rows.length === limit) return { kind: "more", at };
      // The counter outlives the rows: entries cut off the end leave it ahead of them.
      const expected = Number(newest.get()?.["seq"] ?? 0);
      return expected === at.seq ? { kind: "end", entries: at.seq } : { kind: "broken", seq: at.seq + 1 };
    },
  };
}

/** The hash of a row that follows `at`, or null when it does not. */
function fittingHash(row: Row, at: ChainPosition): string | null {
  if (row["seq"] !== at.seq + 1 || row["previousHash"] !== at.hash) return null;
  try {
    const entry = toEntry(row);
    return auditHash(at.hash, entry.seq, entry) === entry.hash ? entry.hash : null;
  } catch (error) {
    if (error instanceof CorruptRecordError) return null;
    throw error;
  }
}

/** @throws CorruptRecordError */
function toEntry(row: Row): AuditEntry {
  const data = readJson(row, "data", `audit entry ${String(row["seq"])}`, "any");
  return { ...(row as unknown as AuditEntry), data };
}
