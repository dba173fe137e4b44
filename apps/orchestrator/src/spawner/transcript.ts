import type { EventData, EventType, NewEvent } from "@mosaic/contracts";
import type { StateStore } from "@mosaic/store";
import type { SessionEvent } from "../runtimes/port.ts";

/** Longest text kept of one transcript event, in characters; the agent itself saw all of it. */
const MAX_TEXT = 16_000;

/** Keeps what an agent says and does, in order, redacted before it is stored. */
export interface Transcript {
  prompt(turn: number, text: string): void;
  session(event: SessionEvent): void;
  usage(usage: EventData<"transcript.usage">): void;
  /** A connection the agent asked for. */
  egress(decision: EventData<"egress.decided">): void;
  /** How many there were, when its way out is closed. */
  egressClosed(counts: EventData<"egress.closed">): void;
  /** Waits until everything so far is stored. @throws what storing threw first */
  flush(): Promise<void>;
}

interface TranscriptOptions {
  readonly state: StateStore;
  readonly agentId: string;
  readonly taskId: string;
  readonly redact: (text: string) => string;
  readonly now: () => Date;
}

export function createTranscript(options: TranscriptOptions): Transcript {
  let waiting: NewEvent[] = [];
  let writing: Promise<void> | null = null;
  let failure: unknown;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await options.state.append(batch);
    }
  };
  const add = <T extends EventType>(type: T, data: EventData<T>): void => {
    const time = options.now().toISOString();
    waiting.push({ type, time, subject: options.agentId, taskId: options.taskId, data } as NewEvent);
    // One write at a time keeps the order; what arrives meanwhile goes with the next one.
    writing ??= drain()
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => {
        writing = null;
      });
  };
  const clean = (text: string): string => cut(options.redact(text));

  return {
    prompt: (turn, text) => add("transcript.prompt", { attempt: turn, text: clean(text) }),
    usage: (usage) => add("transcript.usage", usage),
    // A name to be resolved is the agent's own words, as good for carrying something out as any.
    egress: (decision) => add("egress.decided", { ...decision, target: clean(decision.target) }),
    egressClosed: (counts) => add("egress.closed", counts),
    session(event) {
      switch (event.type) {
        case "text":
          return add("transcript.text", { text: clean(event.text) });
        case "notice":
          return add("transcript.notice", { text: clean(event.text) });
        case "tool_call":
          return add("transcript.tool_call", {
            callId: event.callId,
            name: event.name,
            input: cleanJson(event.input, clean),
          });
        case "tool_result":
          return add("transcript.tool_result", {
            callId: event.callId,
            isError: event.isError,
            output: clean(event.output),
            truncated: event.truncated || event.output.length > MAX_TEXT,
          });
      }
    },
    async flush() {
      while (writing !== null) await writing;
      if (failure !== undefined) throw failure;
    },
  };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

type JsonValue = EventData<"transcript.tool_call">["input"];

function cleanJson(value: JsonValue, clean: (text: string) => string): JsonValue {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map((item) => cleanJson(item, clean));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cleanJson(item, clean)]));
}
