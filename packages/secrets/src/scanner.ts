import { createHash } from "node:crypto";
import { type FileNameRule, matchFileName } from "./file-names.ts";
import { spellKnownValues } from "./known-values.ts";
import { createMatcher } from "./matcher.ts";
import type { Match } from "./match.ts";
import { joinOverlaps } from "./overlap.ts";
import type { Engine, Finding, ScannerOptions, SecretScanner, UnreadFile } from "./port.ts";
import { CONTENT_RULES, UNSCANNABLE } from "./rules.ts";

const DEFAULT_MAX_FILE_BYTES = 5 * 1024 * 1024;
const MIN_SALT_LENGTH = 16;
const MIN_LINE_CHARACTERS = 1024;
/** A file with more is blocked anyway; listing them all would only be a way to fill the store. */
const MAX_FINDINGS = 200;
const SHORTEST_SECRET = 8;

/**
 * The file as text. Every rule is about ASCII, so bytes are taken as they are; without its NUL bytes, UTF-16 of either
 * byte order reads as ASCII too, and so does text hidden in a binary file.
 */
function readings(content: Buffer): readonly string[] {
  const text = content.toString("latin1");
  return content.includes(0) ? [text, text.replaceAll("\0", "")] : [text];
}

function lineCounter(text: string): (position: number) => number {
  let line = 1;
  let at = 0;
  return (position) => {
    for (let next = text.indexOf("\n", at); next !== -1 && next < position; next = text.indexOf("\n", at)) {
      line += 1;
      at = next + 1;
    }
    return line;
  };
}

interface Reading {
  readonly text: string;
  /** What other engines found in it. */
  readonly also: readonly Match[];
}

/** Vendors' key shapes, file names, generic assignments, and exact values we hold. */
export function createScanner(options: ScannerOptions): SecretScanner {
  const { scanTexts, scanFile, redact } = createCore(options);
  return {
    scan: (file) => scanFile(file, (texts) => texts.map((text) => ({ text, also: [] }))),
    scanText: (text, path = "") => scanTexts(path, [{ text, also: [] }]),
    redact,
  };
}

/**
 * The same for files, with further engines that look at the same text: where one of them and a rule of ours found the
 * same place, ours names it. Rejects when an engine does; the caller counts that as a finding.
 */
export function createDeepScan(
  options: ScannerOptions,
  engines: readonly Engine[],
): (file: UnreadFile) => Promise<readonly Finding[]> {
  const { scanFile } = createCore(options);
  return async (file) => {
    const found = new Map<string, readonly Match[]>();
    const isReadable = file.content !== null && file.content.length <= maxBytesOf(options);
    for (const text of isReadable ? readings(file.content) : []) {
      const matches = await Promise.all(engines.map((engine) => engine(file.path, text)));
      found.set(text, matches.flat());
    }
    return scanFile(file, (texts) => texts.map((text) => ({ text, also: found.get(text) ?? [] })));
  };
}

const maxBytesOf = ({ maxFileBytes = DEFAULT_MAX_FILE_BYTES }: ScannerOptions): number => maxFileBytes;

function createCore(options: ScannerOptions) {
  const {
    salt,
    known = [],
    rules = CONTENT_RULES,
    timeLimitMs = 2000,
    now = () => performance.now(),
  } = options;
  const { maxLineBytes = 4096 } = options;
  const maxFileBytes = maxBytesOf(options);
  if (salt.length < MIN_SALT_LENGTH)
    throw new Error(`the scanner's salt needs ${MIN_SALT_LENGTH} characters or more`);
  const match = createMatcher({
    rules,
    known: spellKnownValues(known),
    maxLineCharacters: Math.max(MIN_LINE_CHARACTERS, maxLineBytes),
  });

  function fingerprintOf(rule: string, value: string | Buffer): string {
    return createHash("sha256").update(`${salt}\0${rule}\0`).update(value).digest("hex").slice(0, 32);
  }

  function timer(): () => boolean {
    const deadline = now() + timeLimitMs;
    return () => now() > deadline;
  }

  function findIn(
    path: string,
    { text, also }: Reading,
    isLate: () => boolean,
  ): { findings: Finding[]; complete: boolean } {
    const { matches, complete } = match(text, isLate);
    const lineOf = lineCounter(text);
    const findings = joinOverlaps([...matches, ...also])
      .slice(0, MAX_FINDINGS)
      .map((place) => {
        const value = text.slice(place.match.start, place.match.end);
        const { rule } = place.match;
        return { rule, path, line: lineOf(place.start), fingerprint: fingerprintOf(rule, value) };
      });
    return { findings, complete };
  }

  function unscannable(path: string, content: Buffer | string): Finding {
    return { rule: UNSCANNABLE, path, line: null, fingerprint: fingerprintOf(UNSCANNABLE, content) };
  }

  function scanTexts(path: string, texts: readonly Reading[]): Finding[] {
    const isLate = timer();
    const seen = new Map<string, Finding>();
    let complete = true;
    for (const text of texts) {
      const found = findIn(path, text, isLate);
      complete &&= found.complete;
      for (const finding of found.findings) {
        const key = `${finding.rule} ${finding.fingerprint} ${finding.line}`;
        if (!seen.has(key)) seen.set(key, finding);
      }
    }
    const findings = [...seen.values()];
    return complete ? findings : [...findings, unscannable(path, texts[0]?.text ?? "")];
  }

  function scanFile(
    { path, content }: UnreadFile,
    read: (texts: readonly string[]) => readonly Reading[],
  ): Finding[] {
    if (content === null) return [unscannable(path, path), ...namedFindings(path, "")];
    if (content.length > maxFileBytes) return [unscannable(path, content), ...namedFindings(path, "")];
    const texts = readings(content);
    return [...namedFindings(path, texts.at(-1) ?? ""), ...scanTexts(path, read(texts))];
  }

  function redact(text: string): string {
    if (text.length < SHORTEST_SECRET) return text;
    if (text.length > maxFileBytes) return `[redacted:${UNSCANNABLE}]`;
    const { matches, complete } = match(text, timer());
    if (!complete) return `[redacted:${UNSCANNABLE}]`;
    if (matches.length === 0) return text;
    let result = "";
    let from = 0;
    for (const { start, end, match: named } of joinOverlaps(matches)) {
      result += `${text.slice(from, start)}[redacted:${named.rule}]`;
      from = end;
    }
    return result + text.slice(from);
  }

  function namedFindings(path: string, content: string): Finding[] {
    return matchFileName(path, content).map(({ id }: FileNameRule) => ({
      rule: id,
      path,
      line: null,
      fingerprint: fingerprintOf(id, `${path}\0${content}`),
    }));
  }

  return { scanTexts, scanFile, redact };
}
