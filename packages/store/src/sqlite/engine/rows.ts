import type { SQLOutputValue } from "node:sqlite";
import { CorruptRecordError } from "../../store-error.ts";

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

/** Reads a JSON column. @throws CorruptRecordError naming `record` (`task t-1`) when it is not JSON, or not `kind` */
export function readJson(row: Row, field: string, record: string, kind: "array" | "object" | "any"): unknown {
  const value = parse(row[field], record, field);
  if (kind === "any" || (kind === "array" ? Array.isArray(value) : isPlainObject(value))) return value;
  throw new CorruptRecordError(record, field, `holds JSON that is not an ${kind}`);
}

/** Reads a column that holds one of `allowed`. @throws CorruptRecordError */
export function readOneOf<T extends string>(
  row: Row,
  field: string,
  record: string,
  allowed: readonly T[],
): T {
  const value = row[field];
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new CorruptRecordError(record, field, `holds '${String(value)}'`);
  return found;
}

function parse(text: SQLOutputValue | undefined, record: string, field: string): unknown {
  try {
    return JSON.parse(String(text));
  } catch (error) {
    throw new CorruptRecordError(record, field, `does not hold valid JSON (${(error as Error).message})`);
  }
}

function isPlainObject(value: unknown): boolean {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
