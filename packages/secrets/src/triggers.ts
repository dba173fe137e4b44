import { createAutomaton } from "./automaton.ts";
import type { KnownSpelling } from "./known-values.ts";
import type { Rule } from "./rule.ts";

/** What to look at when a word was found. */
export type Trigger =
  | { readonly kind: "rule"; readonly rule: number }
  | { readonly kind: "known"; readonly spelling: KnownSpelling };

export interface Triggers {
  /** Calls `onHit` for every word found, with where it starts and ends; stops when that answers false. */
  scan(text: string, onHit: (trigger: Trigger, start: number, end: number) => boolean): void;
  /** Spellings that begin with characters the automaton does not know: they are searched for one by one. */
  readonly searched: readonly KnownSpelling[];
}

/** Longer prefixes find nothing more; a held value is compared in whole at every hit. */
const PREFIX_LENGTH = 24;
const MIN_PREFIX_LENGTH = 4;

function asciiPrefix(text: string): string {
  let length = 0;
  while (length < Math.min(PREFIX_LENGTH, text.length)) {
    const code = text.charCodeAt(length);
    if (code === 0 || code > 127) break;
    length += 1;
  }
  return text.slice(0, length).toLowerCase();
}

/** One search for all keywords of all rules and the beginnings of all held values. */
export function createTriggers(rules: readonly Rule[], known: readonly KnownSpelling[]): Triggers {
  const byWord = new Map<string, Trigger[]>();
  const add = (word: string, trigger: Trigger) => byWord.set(word, [...(byWord.get(word) ?? []), trigger]);
  for (const [rule, { keywords }] of rules.entries())
    for (const word of keywords) add(word, { kind: "rule", rule });
  const searched: KnownSpelling[] = [];
  for (const spelling of known) {
    const prefix = asciiPrefix(spelling.text);
    if (prefix.length < MIN_PREFIX_LENGTH) searched.push(spelling);
    else add(prefix, { kind: "known", spelling });
  }
  const words = [...byWord.entries()].map(([word, triggers]) => ({ length: word.length, triggers }));
  const automaton = createAutomaton([...byWord.keys()]);
  return {
    searched,
    scan(text, onHit) {
      automaton.scan(text, (index, end) => {
        const word = words[index];
        return word === undefined || word.triggers.every((trigger) => onHit(trigger, end - word.length, end));
      });
    },
  };
}
