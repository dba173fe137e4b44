import { AttemptFailure } from "@mosaic/domain";
import type { Session } from "../port.ts";
import { readLines, type LineLimits } from "../read-lines.ts";
import { createSessionCore, offProtocol, type SessionCoreOptions } from "../session-core.ts";
import type { Query } from "./agent-sdk.ts";
import type { Launch } from "./launch.ts";
import { readMessage, type Result } from "./messages.ts";
import { outcomeOf } from "./outcome.ts";
import type { UserMessages } from "./user-messages.ts";

export interface ClaudeSessionOptions extends Pick<
  SessionCoreOptions,
  "sandbox" | "sandboxed" | "memoryMb" | "timeoutMs" | "graceMs" | "beginPrompt"
> {
  readonly query: Query;
  readonly launch: Launch;
  readonly prompts: UserMessages;
  readonly output: LineLimits;
  /** Tool output that is passed on, in bytes. */
  readonly maxToolOutputBytes: number;
}

export interface ClaudeSession {
  readonly session: Session;
  /** Waits until Claude Code is ready. @throws AttemptFailure `runtime` */
  begin(timeoutMs: number): Promise<void>;
}

/** A session with Claude Code in a sandbox, by way of its SDK. */
export function createClaudeSession(options: ClaudeSessionOptions): ClaudeSession {
  const { query, launch, prompts, sandboxed, maxToolOutputBytes } = options;
  const failed = Promise.withResolvers<never>();
  // Whoever waits for it is told; without anybody, the next prompt is.
  failed.promise.catch(() => undefined);
  let cancelled = false;
  /** Claude Code has taken the prompt up: being asked to stop before that, it would not. */
  let begun = false;
  /** Answers of the model in this turn, by id: each comes in several messages. */
  let answers = new Set<string>();

  const lines = readLines(sandboxed.stdout, options.output, {
    onLine(line) {
      if (isObject(line)) launch.say(line);
      else core.giveUp(offProtocol(`it wrote something else than a message: ${line.slice(0, 200)}`));
    },
    onOverflow: (why) => core.giveUp(new AttemptFailure("output_limit", `the agent was stopped: ${why}`)),
  });
  let over = false;
  void end();
  launch.attach(sandboxed);

  const followed = follow();
  const core = createSessionCore({
    ...options,
    drained: followed,
    onPrompt(text) {
      cancelled = false;
      begun = false;
      answers = new Set();
      prompts.push(text);
    },
    onCancel() {
      cancelled = true;
      if (begun) interrupt();
    },
    onFailure(failure) {
      failed.reject(failure);
      prompts.end();
      query.close();
    },
  });

  async function end(): Promise<void> {
    // That a process is lost is told by the session.
    const exit = await sandboxed.exited.catch(() => null);
    await lines.ended;
    over = true;
    launch.end(exit?.code ?? null, exit?.signal ?? null);
  }

  function interrupt(): void {
    // That it does not obey shows in the turn, which is killed then.
    query.interrupt().catch(() => undefined);
  }

  /** Takes what the SDK makes of the process's output, to the end. */
  async function follow(): Promise<void> {
    let why = "it ended the conversation";
    try {
      for await (const message of query) take(message);
    } catch (error) {
      // It also throws for a process that has ended, and that is told by the process.
      why = error instanceof Error ? error.message : String(error);
    }
    if (!over) core.giveUp(offProtocol(why));
  }

  function take(value: unknown): void {
    const message = readMessage(value, maxToolOutputBytes);
    if (message === null)
      return core.giveUp(offProtocol(`it sent something that is no message: ${shown(value)}`));
    if (message.begins === true && !begun) {
      begun = true;
      if (cancelled) interrupt();
    }
    if (message.answer !== undefined) answers.add(message.answer);
    for (const event of message.events) core.emit(event);
    if (message.result !== undefined) onResult(message.result);
  }

  function onResult(result: Result): void {
    const turn = { ...outcomeOf(result, { cancelled }), requests: answers.size };
    if (!core.endTurn(turn)) core.giveUp(offProtocol("it ended a turn that nobody began"));
  }

  return {
    session: core.session,
    async begin(timeoutMs) {
      const late = (): void => core.giveUp(offProtocol(`it was not ready after ${timeoutMs} ms`));
      const clock = setTimeout(late, timeoutMs);
      try {
        // The SDK knows less of an end than the session does.
        const ready = query.initializationResult().catch(() => failed.promise);
        await Promise.race([ready, failed.promise]);
      } finally {
        clearTimeout(clock);
      }
    },
  };
}

/** Whether a line is a JSON object, which is all that Claude Code writes. */
function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 200);
}
