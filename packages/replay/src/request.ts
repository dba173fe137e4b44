import { z } from "zod";

const Block = z.looseObject({ type: z.string() });
export type Block = z.infer<typeof Block>;

const Message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(Block)]),
});
export type Message = z.infer<typeof Message>;

const Tool = z.looseObject({ name: z.string().optional(), type: z.string().optional() });

/** What is read of a request; other fields and betas are ignored, as a scripted model has no use for them. */
export const MessagesRequest = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.int().min(1).optional(),
  messages: z.array(Message).min(1),
  tools: z.array(Tool).default([]),
  stream: z.boolean().default(false),
});
export type MessagesRequest = z.infer<typeof MessagesRequest>;

/** A message's content as blocks. */
export function blocksOf(message: Message): readonly Block[] {
  return typeof message.content === "string" ? [{ type: "text", text: message.content }] : message.content;
}

/** A block's text; empty for a block without one. */
export function textOf(block: Block): string {
  return typeof block["text"] === "string" ? block["text"] : "";
}

/**
 * What the Messages API would refuse about the order of a conversation, or null: a tool call must be answered in the
 * very next message, and a result must answer a call of the message before.
 */
export function conversationFault(messages: readonly Message[]): string | null {
  const turns = messages.filter((message) => message.role !== "system");
  if (turns[0]?.role !== "user") return "messages: the first message must be from the user";
  for (const [index, message] of turns.entries()) {
    const before = index === 0 ? [] : idsOf(turns[index - 1], "tool_use", "id");
    const answered = idsOf(message, "tool_result", "tool_use_id");
    const unknown = answered.find((id) => !before.includes(id));
    if (unknown !== undefined) {
      return `messages.${index}: \`tool_result\` ${unknown} answers no \`tool_use\` of the message before`;
    }
    const missing = before.find((id) => !answered.includes(id));
    if (missing !== undefined) {
      return `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing}`;
    }
    if (message.role === "assistant" && blocksOf(message).length === 0) {
      return `messages.${index}: all messages must have non-empty content`;
    }
  }
  return null;
}

function idsOf(message: Message | undefined, type: string, key: string): readonly string[] {
  if (message === undefined) return [];
  return blocksOf(message)
    .filter((block) => block.type === type)
    .map((block) => String(block[key]));
}
