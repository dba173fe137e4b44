import { fitInput } from "./fit-input.ts";
import { fillIn, fillText, type Placeholders } from "./placeholder.ts";
import { digest, firstPrompt, positionOf, stepAt, type Position } from "./position.ts";
import { blocksOf, textOf, type Block, type Message, type MessagesRequest } from "./request.ts";
import type { Scenario, Step } from "./scenario.ts";
import { toolCall } from "./tool-call.ts";

export interface TextBlock {
  readonly type: "text";
  readonly text: string;
}

export interface ToolUseBlock {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface Reply {
  readonly id: string;
  readonly type: "message";
  readonly role: "assistant";
  readonly model: string;
  readonly content: readonly (TextBlock | ToolUseBlock)[];
  readonly stop_reason: string;
  readonly stop_sequence: null;
  readonly usage: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly cache_creation_input_tokens: number;
    readonly cache_read_input_tokens: number;
  };
}

/** A usual rule of thumb for English and code. The numbers only have to be plausible and always the same. */
const BYTES_PER_TOKEN = 4;

/** Tokens that `value` would make, by its size as JSON; at least 1. */
export function estimateTokens(value: unknown): number {
  return Math.max(1, Math.ceil(Buffer.byteLength(JSON.stringify(value)) / BYTES_PER_TOKEN));
}

/** Input tokens of a request, by its size. */
export function inputTokens(request: MessagesRequest): number {
  return estimateTokens([request["system"] ?? "", request.tools, request.messages]);
}

/** The step a request is at. */
export function stepOf(scenario: Scenario, request: MessagesRequest): Step {
  return stepAt(scenario, positionOf(scenario, request.messages));
}

/** The model's answer to a request. @throws ToolNotOfferedError, PlaceholderError */
export function replyTo(scenario: Scenario, request: MessagesRequest): Reply {
  const position = positionOf(scenario, request.messages);
  const step = stepAt(scenario, position);
  const content = contentOf(scenario, request, { position, step });
  const calls = content.some((block) => block.type === "tool_use");
  return {
    id: `msg_${digest(scenario.name, request.messages)}`,
    type: "message",
    role: "assistant",
    model: request.model,
    content,
    stop_reason: step.stop ?? (calls ? "tool_use" : "end_turn"),
    stop_sequence: null,
    usage: {
      input_tokens: inputTokens(request),
      output_tokens: estimateTokens(content),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    },
  };
}

function contentOf(
  scenario: Scenario,
  request: MessagesRequest,
  at: { position: Position; step: Step },
): readonly (TextBlock | ToolUseBlock)[] {
  const offered = request.tools.map((tool) => tool.name ?? tool.type ?? "");
  const placeholders = placeholdersFor(scenario, request.messages, at.position);
  const say = at.step.say ?? (offered.length === 0 ? "This is the scripted model." : undefined);
  const text: TextBlock[] = say === undefined ? [] : [{ type: "text", text: fillText(say, placeholders) }];
  // A request without tools asks for words only (a title, a summary); calling a tool there would be an error.
  const tools = offered.length === 0 ? [] : (at.step.tools ?? []);
  const calls = tools.map((tool, index): ToolUseBlock => {
    const { name, input } = toolCall(tool, offered);
    const fitted = fitInput(input, request.tools[offered.indexOf(name)]?.["input_schema"]);
    const filled = fillIn(fitted, placeholders) as Record<string, unknown>;
    return { type: "tool_use", id: callId(scenario, { ...at.position, index }), name, input: filled };
  });
  return [...text, ...calls];
}

/** The id of a scripted call follows from its place, so that a later request can find its result again. */
function callId(scenario: Scenario, place: { prompt: number; step: number; index: number }): string {
  return `toolu_${digest(scenario.name, place.prompt, place.step, place.index)}`;
}

function placeholdersFor(scenario: Scenario, messages: readonly Message[], position: Position): Placeholders {
  return {
    prompt: position.prompt + 1,
    conversation: digest(firstPrompt(messages)).slice(0, 8),
    result: (name) => {
      const id = namedCall(scenario, position, name);
      return id === null ? null : resultText(messages, id);
    },
  };
}

/** The id of the newest call named `name` in the current turn, before the current step. */
function namedCall(scenario: Scenario, position: Position, name: string): string | null {
  const steps = position.turn === null ? [] : (scenario.turns[position.turn]?.steps ?? []);
  for (let step = Math.min(position.step, steps.length) - 1; step >= 0; step -= 1) {
    const index = steps[step]?.tools?.findIndex((tool) => tool.as === name) ?? -1;
    if (index >= 0) return callId(scenario, { prompt: position.prompt, step, index });
  }
  return null;
}

function resultText(messages: readonly Message[], id: string): string {
  const result = messages
    .flatMap((message) => blocksOf(message))
    .find((block) => block.type === "tool_result" && block["tool_use_id"] === id);
  const content = result?.["content"] ?? "";
  if (typeof content === "string") return content;
  return (content as readonly Block[]).map(textOf).join("\n");
}
