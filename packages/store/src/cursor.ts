import { InvalidCursorError } from "./store-error.ts";

/** Where a page ended: the sort key of its last item, and its id for items that share one. */
export interface Position {
  readonly key: string;
  readonly id: string;
}

/** A position as the opaque text that callers send back. */
export function encodeCursor({ key, id }: Position): string {
  return Buffer.from(JSON.stringify([key, id])).toString("base64url");
}

/** Reads what {@link encodeCursor} made. @throws InvalidCursorError for anything else */
export function decodeCursor(cursor: string): Position {
  const value = parse(Buffer.from(cursor, "base64url").toString("utf8"));
  if (!Array.isArray(value) || value.length !== 2) throw new InvalidCursorError();
  const [key, id] = value as unknown[];
  if (typeof key !== "string" || typeof id !== "string") throw new InvalidCursorError();
  return { key, id };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidCursorError();
  }
}
