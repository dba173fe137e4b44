import type { Span } from "./rule.ts";

/**
 * What stands between the pieces of one text in a source: the end of a string, an operator or a comma, and the beginning
 * of the next; and line breaks with their indentation. Bounded, so that no text takes more than linear time.
 */
const GLUE = /["'`][ \t\r\n]{0,200}(?:[+.&,|\\]{1,2}[ \t\r\n]{0,200})?["'`]|\\?\r?\n[ \t]{0,200}/g;

/** A text without what its pieces are put together with; a value that was split stands in it in one piece. */
export interface Joined {
  readonly text: string;
  /** Where a span of it is in the original, with what was between its pieces. */
  place(start: number, end: number): Span;
}

/** Null when there is nothing to join. */
export function joinPieces(original: string): Joined | null {
  const text = original.replaceAll(GLUE, "");
  if (text.length === original.length) return null;
  let known: readonly Cut[] | null = null;
  // Most texts hold no such value: where things were is only worked out when one does.
  const cuts = (): readonly Cut[] => (known ??= cutsOf(original));
  return {
    text,
    place: (start, end) => ({
      start: start + removedBefore(cuts(), start),
      end: end + removedBefore(cuts(), end - 1),
    }),
  };
}

/** From a place of the joined text on, so many characters are missing in all. */
interface Cut {
  readonly from: number;
  readonly removed: number;
}

function cutsOf(original: string): readonly Cut[] {
  let removed = 0;
  const cuts: Cut[] = [];
  for (const { 0: glue, index } of original.matchAll(GLUE)) {
    const from = index - removed;
    removed += glue.length;
    cuts.push({ from, removed });
  }
  return cuts;
}

function removedBefore(cuts: readonly Cut[], position: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cuts[middle]?.from ?? Infinity) <= position) low = middle + 1;
    else high = middle;
  }
  return cuts[low - 1]?.removed ?? 0;
}
