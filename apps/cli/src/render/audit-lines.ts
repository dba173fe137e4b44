import type { AuditEntry } from "@mosaic/contracts";
import { cleanDeep } from "../terminal/clean.ts";
import type { Paint } from "../terminal/paint.ts";
import { dateTime } from "./units.ts";

/** Audit entries, one a line: number, time, who, what, on what, why, and what came of it. */
export function auditLines(raw: readonly AuditEntry[], paint: Paint): string[] {
  return cleanDeep([...raw]).map(({ seq, at, actor, action, subject, reason, data }) => {
    const about = reason === "" ? "" : `: ${reason}`;
    return `${String(seq).padStart(5)}  ${dateTime(at)}  ${actor}  ${paint("strong", action)}  ${subject}${about}${outcomeOf(data)}`;
  });
}

function outcomeOf(data: AuditEntry["data"]): string {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return "";
  const { stateBefore, outcome } = data;
  const words = [
    typeof stateBefore === "string" ? `was ${stateBefore}` : "",
    typeof outcome === "string" ? outcome : "",
  ].filter((word) => word !== "");
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}
