import type { PromptCount } from "./port.ts";

/** A request that was let through. What is called first counts. */
export interface CountedRequest {
  readonly answered: () => void;
  /** Gives it back: it was refused, or its answer broke off. */
  readonly unanswered: () => void;
}

/** Counts what an agent asks of its model from one prompt to the next, at its door, where it cannot lie. */
export interface TurnCounter {
  /** The next prompt's count. `onOver` is told once: of the first request that is one too many. */
  readonly begin: (onOver: () => void) => PromptCount;
  /** Null when the prompt has had all its requests. One under way counts, or many at a time would go through. */
  enter(): CountedRequest | null;
}

const nobody = (): void => undefined;

/** @param most requests that the model answers in one prompt; null for no limit. What comes before the first counts, too. */
export function createTurnCounter(most: number | null): TurnCounter {
  let count = { requests: 0, onOver: nobody };
  return {
    begin(onOver) {
      const own = { requests: 0, onOver };
      count = own;
      return {
        get requests() {
          return own.requests;
        },
        end() {
          own.onOver = nobody;
        },
      };
    },
    enter() {
      const own = count;
      if (most !== null && own.requests >= most) {
        const { onOver } = own;
        own.onOver = nobody;
        onOver();
        return null;
      }
      own.requests += 1;
      let open = true;
      return {
        answered() {
          open = false;
        },
        unanswered() {
          if (open) own.requests -= 1;
          open = false;
        },
      };
    },
  };
}
