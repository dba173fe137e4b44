import { joinPieces } from "./joined.ts";
import { type KnownSpelling, needlesOf } from "./known-values.ts";
import type { Match } from "./match.ts";
import { createRuleRunner } from "./rule-runner.ts";
import type { Rule, Span } from "./rule.ts";
import { createTriggers } from "./triggers.ts";

/** What a run cost, in units that do not depend on the machine. */
interface Work {
  windows: number;
  characters: number;
}

export interface MatchResult {
  readonly matches: readonly Match[];
  /** False when the time was up. */
  readonly complete: boolean;
  readonly work: Readonly<Work>;
}

export interface MatcherOptions {
  readonly rules: readonly Rule[];
  readonly known: readonly KnownSpelling[];
  /** Longer lines are looked at in pieces of about this size. */
  readonly maxLineCharacters: number;
}

export type Matcher = (text: string, isLate: () => boolean) => MatchResult;

/** The clock is asked once for so many windows. */
const WINDOWS_PER_LOOK = 16;

/** Start and end of the line around ascending positions; never goes over the same characters twice. */
function createLineFinder(text: string): (position: number) => Span {
  let start = 0;
  let end = -1;
  return (position) => {
    while (end < position && end !== text.length) {
      start = end + 1;
      const next = text.indexOf("\n", start);
      end = next === -1 ? text.length : next;
    }
    return { start, end };
  };
}

function matchKnown(text: string, spelling: KnownSpelling, start: number): Match | null {
  const end = start + spelling.text.length;
  const given = text.slice(start, end);
  const isIt = spelling.anyCase
    ? given.toLowerCase() === spelling.text.toLowerCase()
    : given === spelling.text;
  return isIt ? { rule: spelling.rule, rank: 0, start, end } : null;
}

function searchKnown(text: string, spellings: readonly KnownSpelling[]): Match[] {
  return spellings.flatMap(({ rule, text: value }) => {
    const matches: Match[] = [];
    for (let start = text.indexOf(value); start !== -1; start = text.indexOf(value, start + value.length)) {
      matches.push({ rule, rank: 0, start, end: start + value.length });
    }
    return matches;
  });
}

/** Held values that a source puts together from pieces, or that were broken over lines. */
function searchSplit(text: string, needles: readonly KnownSpelling[]): Match[] {
  const joined = needles.length === 0 ? null : joinPieces(text);
  if (joined === null) return [];
  return searchKnown(joined.text, needles)
    .map((match) => ({ ...match, ...joined.place(match.start, match.end), whole: match.end - match.start }))
    .filter(({ start, end, whole }) => end - start > whole)
    .map(({ rule, rank, start, end }) => ({ rule, rank, start, end }));
}

/**
 * Finds every secret of a text in time linear in its length: one pass for all keywords, and around each keyword one
 * window per rule. A window covers all keywords in it, so that a text full of keywords is looked at about once per rule.
 */
export function createMatcher({ rules, known, maxLineCharacters }: MatcherOptions): Matcher {
  const runners = rules.map((rule, index) => createRuleRunner(rule, index, maxLineCharacters));
  const triggers = createTriggers(rules, known);
  const needles = needlesOf(known.filter(({ twice }) => !twice));

  return (text, isLate) => {
    for (const runner of runners) runner.reset();
    const matches = [...searchKnown(text, triggers.searched), ...searchSplit(text, needles)];
    const work: Work = { windows: 0, characters: 0 };
    const lineAt = createLineFinder(text);
    let complete = true;
    triggers.scan(text, (trigger, start, end) => {
      if (trigger.kind === "known") {
        const match = matchKnown(text, trigger.spelling, start);
        if (match !== null) matches.push(match);
        return true;
      }
      const runner = runners[trigger.rule];
      const window = runner?.windowFor({ start, end }, lineAt(end - 1));
      if (runner === undefined || window === undefined || window === null) return true;
      runner.run(text, window, matches);
      work.windows += 1;
      work.characters += window.end - window.start;
      if (work.windows % WINDOWS_PER_LOOK === 0 && isLate()) complete = false;
      return complete;
    });
    return { matches, complete, work };
  };
}
