/** Where a pattern matched; `start` and `end` are those of the secret itself. */
export interface Candidate {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One shape of secret, as data. */
export interface Rule {
  readonly id: string;
  readonly description: string;
  /** ASCII literals; the pattern runs only near one of them (found whatever its case). */
  readonly keywords: readonly string[];
  /** RE2 syntax, matched in linear time. Group 1 is the secret, or enough of it to be sure: `refine` finds its end. */
  readonly pattern: string;
  /** Longest reach of the pattern from the start of a keyword; default 512 characters. */
  readonly reach?: number;
  /** Matches of anything else in the same place win. */
  readonly generic?: true;
  /** The secret's exact place, or null for a look-alike that a pattern cannot tell. Must be linear, too. */
  readonly refine?: (candidate: Candidate) => Span | null;
}

/** No secret is longer; without an end, matches in one long run of characters would each go to its end. */
const MAX_EXTENSION = 8192;

/** The candidate, extended over all characters of `allowed` that follow it. */
export function extendOver(allowed: RegExp): (candidate: Candidate) => Span {
  const run = new RegExp(`(?:${allowed.source}){0,${MAX_EXTENSION}}`, "y");
  return ({ text, start, end }) => {
    run.lastIndex = end;
    run.test(text);
    return { start, end: Math.max(end, run.lastIndex) };
  };
}

export const secretOf = ({ text, start, end }: Candidate): string => text.slice(start, end);

/** Base64url tokens of any length. */
export const wholeToken = extendOver(/[A-Za-z0-9_-]/);
