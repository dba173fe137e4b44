import type { Case } from "./case.ts";
import { unmark } from "./case.ts";

/** How a scanner did on a corpus, for one rule or for all. */
export interface Score {
  readonly rule: string;
  /** Secrets that were found under the right rule. */
  readonly found: number;
  readonly missed: number;
  /** Look-alikes that were called secrets, and secrets that were called something else. */
  readonly falseAlarms: number;
  /** Found of all called secrets; 1 when nothing was called one. */
  readonly precision: number;
  /** Found of all secrets. */
  readonly recall: number;
}

type Scan = (text: string) => readonly string[] | Promise<readonly string[]>;

/** Scores each rule on its own cases. `scan` answers with the rules of its findings. */
export async function measure(corpus: readonly Case[], scan: Scan): Promise<readonly Score[]> {
  const scores: Score[] = [];
  for (const { rule, secrets, lookalikes } of corpus) {
    let found = 0;
    let falseAlarms = 0;
    for (const marked of secrets) {
      const rules = await scan(unmark(marked).text);
      if (rules.includes(rule)) found += 1;
      falseAlarms += rules.filter((named) => named !== rule).length;
    }
    for (const text of lookalikes) falseAlarms += (await scan(text)).length;
    scores.push(scoreOf(rule, { found, missed: secrets.length - found, falseAlarms }));
  }
  return scores;
}

/** All rules together. */
export function total(scores: readonly Score[]): Score {
  const sum = (pick: (score: Score) => number): number => scores.reduce((all, score) => all + pick(score), 0);
  return scoreOf("all", {
    found: sum(({ found }) => found),
    missed: sum(({ missed }) => missed),
    falseAlarms: sum(({ falseAlarms }) => falseAlarms),
  });
}

function scoreOf(rule: string, counts: Pick<Score, "found" | "missed" | "falseAlarms">): Score {
  const { found, missed, falseAlarms } = counts;
  const ratio = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
  return {
    rule,
    ...counts,
    precision: ratio(found, found + falseAlarms),
    recall: ratio(found, found + missed),
  };
}
