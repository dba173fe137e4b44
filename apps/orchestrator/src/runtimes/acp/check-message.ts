import type { AnyMessage } from "@agentclientprotocol/sdk";

/** What an agent's line is: a message of JSON-RPC, or what is wrong with it. */
export type CheckedLine =
  | { readonly ok: true; readonly message: AnyMessage }
  | { readonly ok: false; readonly why: string };

const SHOWN_CHARACTERS = 200;

/**
 * Reads a line of an agent. What is no message, and an answer to a question that is not `open`, breaks the protocol: the
 * library would log it and go on.
 */
export function checkLine(line: string, open: ReadonlySet<unknown>): CheckedLine {
  const shown = line.slice(0, SHOWN_CHARACTERS);
  const value = parse(line);
  if (value === null || value["jsonrpc"] !== "2.0")
    return { ok: false, why: `it wrote something else than a message: ${shown}` };
  const message = value as unknown as AnyMessage;
  if (typeof value["method"] === "string") return { ok: true, message };
  const answers = "id" in value && ("result" in value || "error" in value);
  if (!answers) return { ok: false, why: `it wrote neither a request nor an answer: ${shown}` };
  if (!open.has(value["id"])) return { ok: false, why: `it answered what nobody asked: ${shown}` };
  return { ok: true, message };
}

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    // Not JSON, or nested beyond reason: the session ends for both.
    return null;
  }
}
