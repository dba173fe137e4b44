import type { Reply, TextBlock, ToolUseBlock } from "./reply.ts";

const TEXT_CHUNK = 48;
const JSON_CHUNK = 64;

function event(type: string, data: Readonly<Record<string, unknown>>): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

/** A reply as server-sent events, one string each, in the order and form the Messages API sends them. */
export function streamEvents(reply: Reply, options: { usage: boolean }): readonly string[] {
  const { input_tokens, output_tokens, ...cache } = reply.usage;
  const started = options.usage ? { usage: { input_tokens, output_tokens: 1, ...cache } } : {};
  const ended = options.usage ? { usage: { input_tokens, output_tokens, ...cache } } : {};
  const message = { ...reply, content: [], stop_reason: null, usage: undefined, ...started };
  return [
    event("message_start", { message }),
    event("ping", {}),
    ...reply.content.flatMap((block, index) => blockEvents(block, index)),
    event("message_delta", {
      delta: { stop_reason: reply.stop_reason, stop_sequence: reply.stop_sequence },
      ...ended,
    }),
    event("message_stop", {}),
  ];
}

/** An error in a stream that has begun. */
export function errorEvent(type: string, message: string): string {
  return event("error", { error: { type, message } });
}

function blockEvents(block: TextBlock | ToolUseBlock, index: number): readonly string[] {
  const empty = block.type === "text" ? { ...block, text: "" } : { ...block, input: {} };
  const deltas =
    block.type === "text"
      ? chunks(block.text, TEXT_CHUNK).map((text) => ({ type: "text_delta", text }))
      : chunks(JSON.stringify(block.input), JSON_CHUNK).map((partial_json) => ({
          type: "input_json_delta",
          partial_json,
        }));
  return [
    event("content_block_start", { index, content_block: empty }),
    ...deltas.map((delta) => event("content_block_delta", { index, delta })),
    event("content_block_stop", { index }),
  ];
}

function chunks(text: string, size: number): readonly string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length; start += size) parts.push(text.slice(start, start + size));
  return parts;
}
