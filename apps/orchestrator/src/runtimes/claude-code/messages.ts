import { Json } from "@mosaic/contracts";
import { truncate, truncateStrings } from "@mosaic/domain";
import { z } from "zod";
import type { SessionEvent } from "../port.ts";

/** What is read of Claude Code's messages. It comes from inside the sandbox: nothing of it is trusted. */
const Block = z.looseObject({ type: z.string() });
const TextBlock = z.looseObject({ type: z.literal("text"), text: z.string() });
const ToolUse = z.looseObject({ type: z.literal("tool_use"), id: z.string(), name: z.string(), input: Json });
const ToolResult = z.looseObject({
  type: z.literal("tool_result"),
  tool_use_id: z.string(),
  is_error: z.boolean().optional(),
  content: z.union([z.string(), z.array(Block)]).optional(),
});

const Assistant = z.looseObject({
  type: z.literal("assistant"),
  message: z.looseObject({ id: z.string(), content: z.array(Block) }),
  /** Set on words that are Claude Code's own, about a request that failed. */
  error: z.string().optional(),
});
const User = z.looseObject({
  type: z.literal("user"),
  message: z.looseObject({ content: z.union([z.string(), z.array(Block)]) }),
});
const System = z.looseObject({
  type: z.literal("system"),
  subtype: z.string(),
  attempt: z.number().optional(),
  error_status: z.number().nullable().optional(),
  tool_name: z.string().optional(),
});
export const Result = z.looseObject({
  type: z.literal("result"),
  subtype: z.string(),
  is_error: z.boolean(),
  result: z.string().optional(),
  errors: z.array(z.string()).optional(),
  stop_reason: z.string().nullable().optional(),
  terminal_reason: z.string().optional(),
  api_error_status: z.number().nullable().optional(),
});
export type Result = z.infer<typeof Result>;

const Message = z.discriminatedUnion("type", [Assistant, User, System, Result]);
const KNOWN = new Set(["assistant", "user", "system", "result"]);

/** What a message means to a session. */
export interface Read {
  readonly events: readonly SessionEvent[];
  /** True for what comes first in a turn. */
  readonly begins?: boolean;
  /** Id of the model's answer that it is a part of. */
  readonly answer?: string;
  readonly result?: Result;
}

/** Reads a message; null when it is none. Kinds that mean nothing here have no events. */
export function readMessage(value: unknown, maxToolOutputBytes: number): Read | null {
  const kind = z.looseObject({ type: z.string() }).safeParse(value);
  if (!kind.success) return null;
  if (!KNOWN.has(kind.data.type)) return { events: [] };
  const { success, data: message } = Message.safeParse(value);
  if (!success) return null;
  switch (message.type) {
    case "assistant":
      // Told in full by the result.
      if (message.error !== undefined) return { events: [] };
      return {
        answer: message.message.id,
        events: message.message.content.flatMap((block) => said(block, maxToolOutputBytes)),
      };
    case "user":
      return { events: results(message.message.content, maxToolOutputBytes) };
    case "system":
      return { events: notices(message), begins: message.subtype === "init" };
    case "result":
      return { events: [], result: message };
  }
}

function said(block: z.infer<typeof Block>, maxBytes: number): SessionEvent[] {
  const text = TextBlock.safeParse(block);
  if (text.success && text.data.text !== "") return [{ type: "text", text: text.data.text }];
  const call = ToolUse.safeParse(block);
  if (!call.success) return [];
  const { id, name, input } = call.data;
  return [{ type: "tool_call", callId: id, name, input: Json.parse(truncateStrings(input, maxBytes)) }];
}

function results(content: string | readonly z.infer<typeof Block>[], maxBytes: number): SessionEvent[] {
  if (typeof content === "string") return [];
  return content.flatMap((block): SessionEvent[] => {
    const { success, data } = ToolResult.safeParse(block);
    if (!success) return [];
    const { text, truncated } = truncate(outputText(data.content), maxBytes);
    return [
      {
        type: "tool_result",
        callId: data.tool_use_id,
        isError: data.is_error === true,
        output: text,
        truncated,
      },
    ];
  });
}

function outputText(content: z.infer<typeof ToolResult>["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((block) => (typeof block["text"] === "string" ? block["text"] : `(${block.type})`))
    .join("\n");
}

function notices(message: z.infer<typeof System>): SessionEvent[] {
  switch (message.subtype) {
    case "api_retry": {
      const status = message.error_status ?? null;
      const why = status === null ? "broke off" : `failed with HTTP ${status}`;
      return [
        { type: "notice", text: `a request to the model ${why}; it is repeated (${message.attempt ?? 1})` },
      ];
    }
    case "compact_boundary":
      return [{ type: "notice", text: "the conversation was summarised, to fit the model's context" }];
    case "permission_denied":
      return [{ type: "notice", text: `the tool ${message.tool_name ?? ""} was not allowed` }];
    default:
      return [];
  }
}
