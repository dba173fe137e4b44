import type { UserMessage } from "./agent-sdk.ts";

/** Prompts on their way to the SDK, which asks for one after the other. */
export interface UserMessages extends AsyncIterable<UserMessage> {
  push(text: string): void;
  end(): void;
}

export function createUserMessages(): UserMessages {
  const waiting: UserMessage[] = [];
  let ended = false;
  let wake = Promise.withResolvers<void>();
  const stir = (): void => {
    wake.resolve();
    wake = Promise.withResolvers<void>();
  };
  return {
    push(text) {
      waiting.push({ type: "user", message: { role: "user", content: text }, parent_tool_use_id: null });
      stir();
    },
    end() {
      ended = true;
      stir();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else if (ended) return;
        else await wake.promise;
      }
    },
  };
}
