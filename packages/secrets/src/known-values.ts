import type { KnownSecret } from "./port.ts";

const MIN_LENGTH = 8;
const MIN_ENCODED = 10;

/** One spelling of a value we hold. */
export interface KnownSpelling {
  readonly rule: string;
  readonly text: string;
  /** Hex digits and percent escapes may be in either case. */
  readonly anyCase: boolean;
  /** An encoding of an encoding. */
  readonly twice: boolean;
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

interface Spelled {
  readonly exact: readonly string[];
  readonly anyCase: readonly string[];
}

function encode(text: string): Spelled {
  const bytes = Buffer.from(text, "utf8");
  return { exact: base64Cores(bytes), anyCase: [bytes.toString("hex"), ...percentEncoded(text)] };
}

/** An encoding of an encoding: what stands inside is taken as encoders write it, hex in either case. */
function encodeAgain(value: string): Spelled {
  const bytes = Buffer.from(value, "utf8");
  const hex = bytes.toString("hex");
  const inner = new Set([...base64Cores(bytes), hex, hex.toUpperCase(), ...percentEncoded(value)]);
  inner.delete(value);
  const outer = [...inner].map(encode);
  return {
    exact: outer.flatMap((spelled) => spelled.exact),
    // Of letters and digits alone, percent-encoding makes the same again: that was looked for above.
    anyCase: outer.flatMap((spelled) => spelled.anyCase).filter((text) => !inner.has(text)),
  };
}

function checkedLength({ name, value }: KnownSecret): void {
  if (value.length >= MIN_LENGTH) return;
  throw new Error(
    `the known value '${name}' has fewer than ${MIN_LENGTH} characters; looking for it would find ordinary text`,
  );
}

function spellingsOf(known: KnownSecret): KnownSpelling[] {
  checkedLength(known);
  const { name, value } = known;
  const once = encode(value);
  // A file is read byte by byte; in there a character that is not ASCII is its UTF-8 bytes.
  const plain = [value, Buffer.from(value, "utf8").toString("latin1"), jsonEscaped(value)];
  const spell = ({ exact, anyCase }: Spelled, twice: boolean): KnownSpelling[] =>
    [
      ...exact.map((text) => ({ text, anyCase: false })),
      ...anyCase.map((text) => ({ text, anyCase: text !== value })),
    ]
      .filter(({ text }) => text.length >= Math.min(MIN_ENCODED, value.length))
      .map((spelling) => ({ ...spelling, rule: `known:${name}`, twice }));
  return [...spell({ ...once, exact: [...plain, ...once.exact] }, false), ...spell(encodeAgain(value), true)];
}

/**
 * Every spelling in which a held value is looked for: plain, JSON-escaped, base64 and base64url in all three
 * alignments, percent-encoded, hex; and each of these encodings of each. Some 25 to 60 a value, made once.
 */
export function spellKnownValues(known: readonly KnownSecret[]): readonly KnownSpelling[] {
  const unique = new Map<string, KnownSpelling>();
  for (const spelling of known.flatMap(spellingsOf)) {
    const key = `${spelling.rule} ${spelling.text}`;
    if (!unique.has(key)) unique.set(key, spelling);
  }
  return [...unique.values()];
}

/**
 * Whether a text has one of the values in it, in any spelling: for large texts that are looked at often. Some times as
 * fast as a scan, which tells where, and finds a value that was split; hex in mixed case is left to that, too.
 */
export function createKnownValueTest(known: readonly KnownSecret[]): (text: string) => boolean {
  const needles = needlesOf(spellKnownValues(known)).map(({ text }) => text);
  return (text) => needles.some((needle) => text.includes(needle));
}

/** Spellings to be searched for as they are: what may be in any case, as written, in lower and in upper case. */
export function needlesOf(spellings: readonly KnownSpelling[]): readonly KnownSpelling[] {
  const unique = new Map<string, KnownSpelling>();
  for (const spelling of spellings) {
    const { text, anyCase } = spelling;
    const written = anyCase ? [text, text.toLowerCase(), text.toUpperCase()] : [text];
    for (const one of written) unique.set(`${spelling.rule} ${one}`, { ...spelling, text: one });
  }
  return [...unique.values()];
}
