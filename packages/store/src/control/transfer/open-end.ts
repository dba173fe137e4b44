import type { ControlPlace, Purpose, TransferEnd } from "./end.ts";

/** Opens it and brings it to the newest schema. Each engine is loaded only when it is needed. */
export async function openEnd(place: ControlPlace, purpose: Purpose): Promise<TransferEnd> {
  if ("file" in place) {
    const { openSqliteEnd } = await import("./sqlite-end.ts");
    return openSqliteEnd(place.file, purpose);
  }
  const { openPostgresEnd } = await import("./postgres-end.ts");
  return openPostgresEnd(place.url, purpose);
}
