import { CorruptRecordError } from "./store-error.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Reads a JSON column. @throws CorruptRecordError naming `record` (`task t-1`) when it is not JSON, or not `kind` */
export function readJson<R extends Fields>(
  row: R,
  field: keyof R & string,
  record: string,
  kind: "array" | "object" | "any",
): unknown {
  const value = parse(row[field], record, field);
  if (kind === "any" || (kind === "array" ? Array.isArray(value) : isPlainObject(value))) return value;
  throw new CorruptRecordError(record, field, `holds JSON that is not an ${kind}`);
}

/** Reads a column of text. @throws CorruptRecordError */
export function readText<R extends Fields>(row: R, field: keyof R & string, record: string): string {
  const value = row[field];
  if (typeof value === "string") return value;
  throw new CorruptRecordError(record, field, `holds ${String(value)} where text belongs`);
}

/** Reads a column of whole numbers. @throws CorruptRecordError, also when it is greater than a number can be exactly */
export function readInteger<R extends Fields>(row: R, field: keyof R & string, record: string): number {
  const value = row[field];
  if (Number.isSafeInteger(value)) return value as number;
  throw new CorruptRecordError(record, field, `holds ${String(value)} where a whole number belongs`);
}

function parse(text: unknown, record: string, field: string): unknown {
  try {
    return JSON.parse(String(text));
  } catch (error) {
    throw new CorruptRecordError(record, field, `does not hold valid JSON (${(error as Error).message})`);
  }
}

function isPlainObject(value: unknown): boolean {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
