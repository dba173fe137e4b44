import type { Match } from "./match.ts";
import type { Span } from "./rule.ts";

/** A place of the text with a secret in it: what names it, and everything around it that matched as well. */
export interface Place extends Span {
  readonly match: Match;
}

/** Joins matches that overlap into one place, in order of the text, named by the best match in it. */
export function joinOverlaps(matches: readonly Match[]): readonly Place[] {
  const sorted = [...matches].sort((a, b) => a.start - b.start || a.end - b.end);
  const places: Place[] = [];
  for (const match of sorted) {
    const last = places.at(-1);
    if (last === undefined || match.start >= last.end) {
      places.push({ start: match.start, end: match.end, match });
      continue;
    }
    const best = match.rank < last.match.rank ? match : last.match;
    places[places.length - 1] = { start: last.start, end: Math.max(last.end, match.end), match: best };
  }
  return places;
}
