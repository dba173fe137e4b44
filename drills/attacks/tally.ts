import type { ScenarioResult } from "../drill.ts";

/** What a scenario found, while it is played. */
export interface Tally {
  survived(what: readonly string[]): void;
  /** Something of the host was reached, or a promise broken otherwise. */
  broken(what: string): void;
  took(ms: number | null): void;
  note(text: string): void;
  result(tries: number): ScenarioResult;
}

export function newTally(): Tally {
  let [survivors, violations, slowestMs] = [0, 0, 0];
  const details: string[] = [];
  return {
    survived(what) {
      survivors += what.length;
      details.push(...what.map((one) => `left: ${one}`));
    },
    broken(what) {
      violations += 1;
      details.push(what);
    },
    took(ms) {
      slowestMs = Math.max(slowestMs, ms ?? 0);
    },
    note: (text) => void details.push(text),
    result: (tries) => ({ tries, survivors, losses: 0, violations, slowestMs, details }),
  };
}
