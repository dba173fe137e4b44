import { createHash } from "node:crypto";
import type { NewAuditEntry } from "./ledgers.ts";

/** What the first entry of a chain follows. */
export const CHAIN_START = "0".repeat(64);

/** JSON with sorted keys and no spaces, so that equal values give equal bytes whatever engine kept them. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
    return `{${fields.join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}

/** SHA-256 (hex) over the hash before it and the canonical entry with its place in the chain. */
export function auditHash(previousHash: string, seq: number, entry: NewAuditEntry): string {
  const { at, actor, action, subject, reason, data } = entry;
  const canonical = canonicalJson({ seq, at, actor, action, subject, reason, data });
  return createHash("sha256").update(previousHash).update(canonical).digest("hex");
}
