import type { SQLOutputValue } from "node:sqlite";

export type Row = Record<string, SQLOutputValue>;

/** `baseCommit` → `base_commit`, `cacheWrite5mTokens` → `cache_write_5m_tokens`. */
export function columnName(field: string): string {
  return field.replaceAll(/[A-Z]|\d+/g, (start) => `_${start.toLowerCase()}`);
}

/** `base_commit AS "baseCommit", …`, so that rows come out with the names of the record. */
export function selectList(fields: readonly string[]): string {
  return fields.map((field) => `${columnName(field)} AS "${field}"`).join(", ");
}

/** `?, ?, ?` */
export function placeholders(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}
