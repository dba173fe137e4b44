import type { Match } from "./match.ts";
import type { Rule } from "./rule.ts";

/** Where a secret was found. Never holds the secret: `fingerprint` is a salted hash of rule and value. */
export interface Finding {
  readonly rule: string;
  readonly path: string;
  /** 1-based; null when the finding is about the file itself (its name, or that it cannot be scanned). */
  readonly line: number | null;
  readonly fingerprint: string;
}

/** A value we hold ourselves (API key, token, canary), found in any of its usual encodings. */
export interface KnownSecret {
  /** Names the value in findings: the rule is `known:<name>`. */
  readonly name: string;
  readonly value: string;
}

export interface ScannerOptions {
  /** Makes fingerprints of one instance comparable with each other, and with nobody else's. At least 16 characters. */
  readonly salt: string;
  readonly known?: readonly KnownSecret[];
  /** Instead of the built-in rules. */
  readonly rules?: readonly Rule[];
  /** Longer lines are scanned in overlapping pieces of this size; default 4096. */
  readonly maxLineBytes?: number;
  /** A larger file is a finding (`unscannable`); default 5 MiB. */
  readonly maxFileBytes?: number;
  /** Milliseconds one file or text may take before it is a finding (`unscannable`); default 2000. */
  readonly timeLimitMs?: number;
  /** Monotonic milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

export interface UnreadFile {
  readonly path: string;
  /** Null: could not be read. */
  readonly content: Buffer | null;
}

/** Something else that finds secrets in a text; the places it answers with are merged with ours. */
export type Engine = (path: string, text: string) => Promise<readonly Match[]>;

/** Finds secrets in files and text, and takes them out of text. Fails closed: what cannot be scanned is a finding. */
export interface SecretScanner {
  /** File-name rules, known values and content rules. `content` null means: could not be read (a finding). */
  scan(file: UnreadFile): readonly Finding[];
  /** Known values and content rules on text that is not a file (commit message, prompt); `path` names it. */
  scanText(text: string, path?: string): readonly Finding[];
  /** The text with every secret value replaced by `[redacted:<rule>]`. What cannot be scanned is replaced whole. */
  redact(text: string): string;
}
