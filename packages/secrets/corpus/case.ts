/** What a rule must find, and what it must let pass. */
export interface Case {
  readonly rule: string;
  /** Texts with one secret; what is between « and » is the secret, the marks are taken out. */
  readonly secrets: readonly string[];
  /** Texts that look much like one and are none. */
  readonly lookalikes: readonly string[];
}

/** Marks the secret of a text. */
export const secret = (value: string): string => `«${value}»`;

/** A text without its marks, and what was between them. */
export function unmark(text: string): { readonly text: string; readonly secret: string } {
  const value = /«([^»]*)»/.exec(text)?.[1];
  if (value === undefined) throw new Error(`no secret is marked in: ${text}`);
  return { text: text.replace(/«([^»]*)»/, "$1"), secret: value };
}

/** The text with the end of its secret cut off: too short to be one. */
export function cut(text: string): string {
  return text.replace(/«([^»]*)»/, (_, value: string) => value.slice(0, Math.ceil(value.length * 0.25)));
}

/** A secret that is told by its shape alone: a look-alike is cut short, another is the middle of a longer word. */
export function shape(rule: string, value: string, ...lookalikes: readonly string[]): Case {
  return {
    rule,
    secrets: [secret(value), `config: '${secret(value)}', next`, `a=1\n${secret(value)}\n`],
    lookalikes: [cut(secret(value)), `Word${value}`, ...lookalikes],
  };
}
