import { Json } from "@mosaic/contracts";
import { z } from "zod";

const Text = z.looseObject({ type: z.literal("text"), text: z.string() });
const Content = z.union([
  z.looseObject({
    type: z.literal("content"),
    content: z.union([Text, z.looseObject({ type: z.string() })]),
  }),
  z.looseObject({ type: z.literal("diff"), path: z.string() }),
  z.looseObject({ type: z.string() }),
]);

const Call = z.looseObject({
  toolCallId: z.string(),
  title: z.string().nullish(),
  name: z.string().nullish(),
  kind: z.string().nullish(),
  status: z.string().nullish(),
  rawInput: Json.optional(),
  rawOutput: Json.optional(),
  content: z.array(Content).nullish(),
});
export type Call = z.infer<typeof Call>;

const Update = z.discriminatedUnion("sessionUpdate", [
  z.looseObject({
    sessionUpdate: z.literal("agent_message_chunk"),
    content: z.union([Text, z.looseObject({})]),
  }),
  Call.extend({ sessionUpdate: z.literal("tool_call") }),
  Call.extend({ sessionUpdate: z.literal("tool_call_update") }),
]);

/** An update that is told on; every other one (thoughts, plans, modes, usage) and what cannot be read is null. */
export type Update =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "call"; readonly call: Call }
  | null;

const Notification = z.looseObject({ update: Update });

/** Reads the parameters of `session/update`. Never throws: the protocol grows, and an agent may be ahead. */
export function readUpdate(params: unknown): Update {
  const parsed = parse(params);
  if (parsed === null || !parsed.success) return null;
  const { update } = parsed.data;
  if (update.sessionUpdate !== "agent_message_chunk") return { kind: "call", call: update };
  const text = Text.safeParse(update.content);
  return text.success ? { kind: "text", text: text.data.text } : null;
}

function parse(params: unknown): ReturnType<typeof Notification.safeParse> | null {
  try {
    return Notification.safeParse(params);
  } catch {
    // Nested beyond what can be read: the stack is at its end.
    return null;
  }
}

/** What a tool gave, as text. */
export function outputOf({ content, rawOutput }: Call): string {
  const parts = (content ?? []).flatMap((part) => {
    if (part.type === "diff" && "path" in part) return [`changed ${String(part.path)}`];
    const text = Text.safeParse("content" in part ? part.content : null);
    return text.success ? [text.data.text] : [];
  });
  if (parts.length > 0) return parts.join("\n");
  if (rawOutput === undefined || rawOutput === null) return "";
  return typeof rawOutput === "string" ? rawOutput : JSON.stringify(rawOutput);
}
