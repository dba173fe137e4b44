import { z } from "zod";
import { Json } from "./primitives.ts";

/** What the orchestrator writes to a worker's stdin, one JSON object a line. The first line is `start`. */
export const ToWorker = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("start"),
    model: z.string(),
    system: z.string(),
    socketPath: z.string(),
    workdir: z.string(),
    maxTokens: z.int().min(1),
    maxTurns: z.int().min(1),
    maxToolOutputBytes: z.int().min(1),
    streamRetries: z.int().min(0),
    mcpServers: z.array(
      z.object({
        name: z.string(),
        command: z.array(z.string()).min(1),
        env: z.record(z.string(), z.string()),
      }),
    ),
  }),
  z.object({ type: z.literal("prompt"), text: z.string() }),
  z.object({ type: z.literal("cancel") }),
]);
export type ToWorker = z.infer<typeof ToWorker>;

/** How a turn ended. Everything but `done` ends the attempt or is fed back, as the lifecycle decides. */
export const TURN_OUTCOMES = [
  "done",
  "max_turns",
  "max_tokens",
  "refusal",
  "context_overflow",
  "unknown_stop",
  "cancelled",
  "model_error",
] as const;

/** What a worker writes to its stdout. Untrusted: it is parsed, capped and redacted before it is kept. */
export const FromWorker = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), pid: z.int(), node: z.string() }),
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("tool_call"), callId: z.string(), name: z.string(), input: Json }),
  z.object({
    type: z.literal("tool_result"),
    callId: z.string(),
    isError: z.boolean(),
    output: z.string(),
    truncated: z.boolean(),
  }),
  z.object({ type: z.literal("notice"), text: z.string() }),
  z.object({
    type: z.literal("turn_end"),
    outcome: z.enum(TURN_OUTCOMES),
    requests: z.int().min(0),
    message: z.string().optional(),
    status: z.int().optional(),
  }),
]);
export type FromWorker = z.infer<typeof FromWorker>;
export type TurnOutcome = (typeof TURN_OUTCOMES)[number];
