import { setTimeout as delay } from "node:timers/promises";
import type Anthropic from "@anthropic-ai/sdk";
import type { BetaMessage, BetaMessageParam } from "@anthropic-ai/sdk/resources/beta/messages/messages";
import { outcomeOfStop } from "@mosaic/contracts";
import { backoffMs, truncateStrings } from "@mosaic/domain";
import { outcomeOfError, type Outcome } from "./outcome.ts";
import type { Emit, Toolset } from "./toolset.ts";

/** Waits between repetitions of a broken answer. */
const BACKOFF = { baseMs: 200, capMs: 10_000 };

export interface TurnOptions {
  readonly client: Anthropic;
  readonly toolset: Toolset;
  readonly model: string;
  readonly system: string;
  readonly maxTokens: number;
  /** Answers of the model in one turn. */
  readonly maxTurns: number;
  readonly maxToolOutputBytes: number;
  /** Times in a row that one broken answer is asked for again. */
  readonly streamRetries: number;
  readonly emit: Emit;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export interface TurnResult extends Outcome {
  /** Requests to the model, repetitions included. */
  readonly requests: number;
  /** The conversation as it can be continued. */
  readonly messages: readonly BetaMessageParam[];
}

/** The state of one turn between its requests. */
interface Progress {
  /** What was sent last: everything whose outcome is known. Tools that ran are answered in it and run no more. */
  messages: BetaMessageParam[];
  requests: number;
  answers: number;
  /** How often the current answer broke off. */
  broken: number;
}

/**
 * Lets the model work until it ends its turn. The SDK repeats requests that are refused for a while but not an answer
 * that breaks off after it began; that is done here, from the exact messages that were sent.
 */
export async function runTurn(
  messages: readonly BetaMessageParam[],
  options: TurnOptions,
): Promise<TurnResult> {
  const progress: Progress = { messages: [...messages], requests: 0, answers: 0, broken: 0 };
  for (;;) {
    const ended = await runUntilBroken(progress, options);
    if (ended.outcome !== "again")
      return { ...ended, requests: progress.requests, messages: progress.messages };
    progress.broken += 1;
    if (progress.broken > options.streamRetries) {
      const message = `the model's answer broke off ${progress.broken} times: ${ended.message}`;
      return { outcome: "model_error", message, requests: progress.requests, messages: progress.messages };
    }
    const times = `${progress.broken} of ${options.streamRetries}`;
    options.emit({
      type: "notice",
      text: `The answer broke off (${ended.message}); asking again (${times}).`,
    });
    await pause(progress.broken, options);
  }
}

async function pause(attempt: number, { random, signal, streamRetries }: TurnOptions): Promise<void> {
  const ms = backoffMs(attempt, { ...BACKOFF, maxRetries: streamRetries }, random());
  // An abort ends the wait; the next request then reports it.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

type Ended = Outcome | { readonly outcome: "again"; readonly message: string };

async function runUntilBroken(progress: Progress, options: TurnOptions): Promise<Ended> {
  const runner = createRunner(progress, options);
  let last: BetaMessage | null = null;
  try {
    for await (const stream of runner) {
      progress.requests += 1;
      // While an answer comes in, the runner's messages are exactly what was sent for it.
      progress.messages = [...runner.params.messages];
      last = await stream.finalMessage();
      if (last.stop_reason === null)
        return { outcome: "again", message: "the stream ended before the answer did" };
      progress.answers += 1;
      progress.broken = 0;
      report(last, options);
    }
  } catch (error) {
    return outcomeOfError(error);
  }
  progress.messages = withoutOpenCalls([...runner.params.messages]);
  return outcomeOfStop(last?.stop_reason ?? "none");
}

function createRunner(progress: Progress, options: TurnOptions) {
  const { client, model, maxTokens, system, toolset, signal } = options;
  return client.beta.messages.toolRunner(
    {
      model,
      max_tokens: maxTokens,
      system,
      messages: progress.messages,
      tools: [...toolset.tools],
      // Marks the newest block, so that each request reads the conversation so far from the prompt cache.
      cache_control: { type: "ephemeral" },
      stream: true,
      // A thread sends only what is new: neither the gateway nor a scripted model could tell where it stands.
      thread: false,
      // A tool that starts while the answer is still coming in may run for an answer that breaks off.
      runToolsEagerly: false,
      max_iterations: options.maxTurns - progress.answers,
    },
    { signal },
  );
}

/** Tells what the model said and which tools it calls. */
function report(message: BetaMessage, { emit, toolset, maxToolOutputBytes }: TurnOptions): void {
  for (const block of message.content) {
    if (block.type === "text" && block.text.trim() !== "") emit({ type: "text", text: block.text });
    // Calls in an answer that stopped for another reason are not run.
    if (block.type !== "tool_use" || message.stop_reason !== "tool_use") continue;
    const input = truncateStrings(JSON.parse(JSON.stringify(block.input)), maxToolOutputBytes);
    emit({ type: "tool_call", callId: block.id, name: block.name, input: input as never });
    if (toolset.tools.some((tool) => "name" in tool && tool.name === block.name)) continue;
    // The runner answers these by itself; it is told here because no tool will.
    const output = `Error: Tool '${block.name}' not found`;
    emit({ type: "tool_result", callId: block.id, isError: true, output, truncated: false });
  }
}

/** An answer that was cut off may end with calls that nobody ran; a conversation cannot go on after those. */
function withoutOpenCalls(messages: BetaMessageParam[]): BetaMessageParam[] {
  const last = messages.at(-1);
  if (last?.role !== "assistant" || typeof last.content === "string") return messages;
  const content = last.content.filter((block) => block.type !== "tool_use");
  const kept = content.length === 0 ? [] : [{ ...last, content }];
  return [...messages.slice(0, -1), ...kept];
}
