import { RE2JS } from "re2js";
import type { Match } from "./match.ts";
import type { Rule, Span } from "./rule.ts";

const DEFAULT_REACH = 512;
/** How far before its keyword a pattern may begin. */
const BEFORE = 160;
const GENERIC_RANK = 10_000;

/** A rule going through one text. */
export interface RuleRunner {
  /** Forgets the last text. */
  reset(): void;
  /** The window to look at for a keyword, or null when it has been looked at already. */
  windowFor(hit: Span, line: Span): Span | null;
  run(text: string, window: Span, matches: Match[]): void;
}

/** The place of the first group that took part. */
function groupSpan(matcher: ReturnType<RE2JS["matcher"]>, groups: number): Span | null {
  for (let group = 1; group <= groups; group += 1) {
    const start = matcher.start(group);
    if (start >= 0) return { start, end: matcher.end(group) };
  }
  return null;
}

/** `maxLine` is the length of a window on a line that is longer. */
export function createRuleRunner(rule: Rule, index: number, maxLine: number): RuleRunner {
  const rank = rule.generic === true ? GENERIC_RANK + index : 1 + index;
  let compiled: RE2JS | undefined;
  /** Keywords up to here have been looked at. */
  let coveredTo = 0;

  function accept(text: string, span: Span, matches: Match[]): Span {
    const exact = rule.refine === undefined ? span : rule.refine({ text, ...span });
    if (exact === null) return span;
    matches.push({ rule: rule.id, rank, start: exact.start, end: exact.end });
    return exact;
  }

  return {
    reset: () => (coveredTo = 0),
    windowFor(hit, line) {
      if (hit.end <= coveredTo) return null;
      if (line.end - line.start <= maxLine) {
        coveredTo = line.end;
        return line;
      }
      const start = Math.max(line.start, hit.start - BEFORE);
      const end = Math.min(line.end, start + maxLine);
      coveredTo = end === line.end ? end : end - (rule.reach ?? DEFAULT_REACH);
      return { start, end };
    },
    run(text, window, matches) {
      const pattern = (compiled ??= RE2JS.compile(rule.pattern));
      const part = text.slice(window.start, window.end);
      // The test runs on a DFA without captures, some twenty times as fast as the match.
      if (!pattern.test(part)) return;
      const matcher = pattern.matcher(part);
      let from = 0;
      while (from <= part.length && matcher.find(from)) {
        const group = groupSpan(matcher, pattern.groupCount());
        if (group === null || group.end <= from) return;
        const span = { start: window.start + group.start, end: window.start + group.end };
        const exact = accept(text, span, matches);
        // From the end of the secret, not of the match: what ends one secret may be what the next begins with.
        from = Math.max(group.end, exact.end - window.start);
        coveredTo = Math.max(coveredTo, exact.end);
      }
    },
  };
}
