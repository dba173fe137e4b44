import type { KnownSecret } from "./port.ts";

const MIN_LENGTH = 8;
const MIN_ENCODED = 10;

/** One spelling of a value we hold. */
export interface KnownSpelling {
  readonly rule: string;
  readonly text: string;
  /** Hex digits and percent escapes may be in either case. */
  readonly anyCase: boolean;
}

/** The characters of a base64 text that only the value decides, wherever it starts in what was encoded with it. */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    const core = encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function percentEncoded(value: string): string[] {
  const usual = encodeURIComponent(value);
  const strict = usual.replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return [usual, strict, usual.replaceAll("%20", "+")];
}

function jsonEscaped(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function spellingsOf({ name, value }: KnownSecret): KnownSpelling[] {
  if (value.length < MIN_LENGTH) {
    throw new Error(
      `the known value '${name}' has fewer than ${MIN_LENGTH} characters; looking for it would find ordinary text`,
    );
  }
  const rule = `known:${name}`;
  const bytes = Buffer.from(value, "utf8");
  // A file is read byte by byte; in there a character that is not ASCII is its UTF-8 bytes.
  const exact = [value, bytes.toString("latin1"), jsonEscaped(value), ...base64Cores(bytes)];
  const anyCase = [bytes.toString("hex"), ...percentEncoded(value)];
  return [
    ...exact.map((text) => ({ rule, text, anyCase: false })),
    ...anyCase.map((text) => ({ rule, text, anyCase: text !== value })),
  ].filter((spelling) => spelling.text.length >= Math.min(MIN_ENCODED, value.length));
}

/**
 * Every spelling in which a held value is looked for: plain, JSON-escaped, base64 and base64url in all three
 * alignments, percent-encoded, hex.
 */
export function spellKnownValues(known: readonly KnownSecret[]): readonly KnownSpelling[] {
  const unique = new Map<string, KnownSpelling>();
  for (const spelling of known.flatMap(spellingsOf))
    unique.set(`${spelling.rule} ${spelling.text}`, spelling);
  return [...unique.values()];
}

/**
 * Whether a text has one of the values in it, in any spelling: for large texts that are looked at often. Some ten times
 * as fast as a scan, which tells where; hex in mixed case is left to that.
 */
export function createKnownValueTest(known: readonly KnownSecret[]): (text: string) => boolean {
  const spellings = spellKnownValues(known).flatMap(({ text, anyCase }) =>
    anyCase ? [text, text.toLowerCase(), text.toUpperCase()] : [text],
  );
  const needles = [...new Set(spellings)];
  return (text) => needles.some((needle) => text.includes(needle));
}
