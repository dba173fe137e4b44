import type { AnyMessage } from "@agentclientprotocol/sdk";
import { z } from "zod";

/** What an agent's line is: a message of JSON-RPC, or what is wrong with it. */
export type CheckedLine =
  | { readonly ok: true; readonly message: AnyMessage }
  | { readonly ok: false; readonly why: string };

const SHOWN_CHARACTERS = 200;

/** What all messages are made of. Parameters and results are checked by whoever takes them. */
const Parts = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  method: z.string().optional(),
  error: z.looseObject({ code: z.number(), message: z.string() }).nullish(),
});

/**
 * Reads a line of an agent. What is no message, and an answer to a question that is not `open`, breaks the protocol: the
 * library would log it and go on.
 */
export function checkLine(line: string, open: ReadonlySet<unknown>): CheckedLine {
  const wrong = (why: string): CheckedLine => ({
    ok: false,
    why: `${why}: ${line.slice(0, SHOWN_CHARACTERS)}`,
  });
  const parsed = Parts.safeParse(parse(line));
  if (!parsed.success) return wrong("it wrote something else than a message");
  const { jsonrpc, id, method, error, ...rest } = parsed.data;
  if (method !== undefined) {
    const asked = { jsonrpc, method, params: rest["params"] };
    return { ok: true, message: id === undefined ? asked : { ...asked, id } };
  }
  const failed = error !== undefined && error !== null;
  if (id === undefined || !(failed || "result" in rest))
    return wrong("it wrote neither a request nor an answer");
  if (!open.has(id)) return wrong("it answered what nobody asked");
  return {
    ok: true,
    message: failed ? { jsonrpc, id, error } : { jsonrpc, id, result: rest["result"] },
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Not JSON, or nested beyond reason: the session ends for both.
    return null;
  }
}
