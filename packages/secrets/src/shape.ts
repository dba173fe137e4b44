import { type Candidate, type Rule, type Span, secretOf } from "./rule.ts";

/** What may stand before a secret: not the rest of a longer word. `%3D` ends in a letter or digit and is an end, too. */
const START = "(?:^|[^A-Za-z0-9_]|%[0-9A-Fa-f]{2})";
const END = "(?:[^A-Za-z0-9_-]|$)";

export const UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

interface Shape extends Pick<Rule, "id" | "description" | "keywords" | "reach" | "refine"> {
  /** The secret, in RE2 syntax, without groups. */
  readonly shape: string;
}

/** A secret that is told by its own shape and stands alone, from word boundary to word boundary. */
export function standsAlone({ shape, ...rest }: Shape): Rule {
  return { ...rest, pattern: `${START}(${shape})${END}` };
}

/** A secret of no telling shape, beside the vendor's name and an assignment: `name_api_key = "…"`. */
export function besideName({ shape, ...rest }: Shape): Rule {
  const names = rest.keywords.join("|");
  return {
    ...rest,
    pattern: `(?i:${names})[A-Za-z0-9_. -]{0,30}["']?[ \\t]{0,3}(?:=>|:=|=|:)[ \\t]{0,3}["']?(${shape})${END}`,
  };
}

/** Lets only values pass that have all these kinds of characters: a word in one case is no random text. */
export function having(...kinds: readonly RegExp[]): (candidate: Candidate) => Span | null {
  return (candidate) => (kinds.every((kind) => kind.test(secretOf(candidate))) ? candidate : null);
}
