import type { SessionEvent } from "../port.ts";
import { outputOf, readUpdate, type Call } from "./read-update.ts";

/** Text comes in pieces of a word; they are told together, up to so many characters. */
const TEXT_CHARACTERS = 8_000;
/** Ids are the agent's own; whoever needs a longer one than this does not need it. */
const ID_CHARACTERS = 200;
/** Calls of a turn that are remembered. A well-behaved agent ends each of its calls. */
const MAX_CALLS = 10_000;
const RUNNING = new Set(["in_progress", "completed", "failed"]);
const ENDED = new Set(["completed", "failed"]);

export interface UpdateTeller {
  /** Takes the parameters of a `session/update`. */
  take(params: unknown): void;
  /** Tells what is still held. */
  flush(): void;
}

/** Tells an agent's updates as events of ours: each call once when its input is known, and once when it ended. */
export function createUpdateTeller(
  tell: (event: SessionEvent) => void,
  maxOutputCharacters: number,
): UpdateTeller {
  let text = "";
  let calls = new Map<string, Call & { told: boolean }>();

  function flush(): void {
    const whole = text;
    text = "";
    if (whole.trim() !== "") tell({ type: "text", text: whole });
  }

  function onCall(change: Call): void {
    const before = calls.get(change.toolCallId);
    const call = { ...before, ...withoutNull(change), told: before?.told ?? false };
    const status = call.status ?? "pending";
    if (!call.told && (hasInput(call) || RUNNING.has(status))) {
      call.told = true;
      const name = [call.name, call.title, call.kind].find(isName) ?? "tool";
      tell({
        type: "tool_call",
        callId: call.toolCallId.slice(0, ID_CHARACTERS),
        name,
        input: call.rawInput ?? {},
      });
    }
    if (!ENDED.has(status)) {
      if (calls.size < MAX_CALLS) calls.set(call.toolCallId, call);
      return;
    }
    calls.delete(call.toolCallId);
    const output = outputOf(call);
    tell({
      type: "tool_result",
      callId: call.toolCallId.slice(0, ID_CHARACTERS),
      isError: status === "failed",
      output: output.slice(0, maxOutputCharacters),
      truncated: output.length > maxOutputCharacters,
    });
  }

  return {
    take(params) {
      const update = readUpdate(params);
      if (update === null) return;
      if (update.kind === "text") {
        text += update.text;
        if (text.length >= TEXT_CHARACTERS) flush();
        return;
      }
      flush();
      onCall(update.call);
    },
    flush() {
      flush();
      calls = new Map();
    },
  };
}

/** A title may be a whole command; that is in the input, too. */
function isName(text: string | null | undefined): text is string {
  return typeof text === "string" && /^[\w.:-]{1,64}$/.test(text);
}

function hasInput({ rawInput }: Call): boolean {
  return typeof rawInput === "object" && rawInput !== null && Object.keys(rawInput).length > 0;
}

/** An update has only what changed; null says nothing. */
function withoutNull(call: Call): Call {
  return Object.fromEntries(Object.entries(call).filter(([, value]) => value !== null)) as Call;
}
