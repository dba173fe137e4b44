import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { parseHeader, type Header } from "./header.ts";
import { KINDS, lineText, parseLine, type Line } from "./lines.ts";
import type { Mover } from "./mover.ts";
import { MoveError } from "./place.ts";
import { splitLines } from "./split-lines.ts";
import { createTallies, differences } from "./tally.ts";

/** An export that was read once from its first to its last line. */
export interface CheckedFile {
  readonly header: Header;
  /** Of all lines before the last, hexadecimal. */
  readonly sha256: string;
  /** Its records, read again. */
  readonly lines: () => AsyncGenerator<Line, void, undefined>;
}

/** What is to be put somewhere. */
export interface Import {
  readonly file: CheckedFile;
  readonly mover: Mover;
  readonly signal: AbortSignal;
}

/** What a reading came to. */
interface Reading {
  header: Header | null;
  /** Over all lines so far, without the last. */
  readonly hash: ReturnType<typeof createHash>;
  /** Of the last line. */
  claimed: string | null;
}

/**
 * Reads an export to its end, so that one that was cut off or changed is known before anything is written anywhere.
 * @throws MoveError naming what is wrong with it
 */
export async function checkFile(file: string, signal: AbortSignal): Promise<CheckedFile> {
  const tallies = createTallies(KINDS);
  const reading: Reading = { header: null, hash: createHash("sha256"), claimed: null };
  try {
    for await (const line of readLines(file, reading)) {
      signal.throwIfAborted();
      tallies.add(line.kind, lineText(line));
    }
  } catch (error) {
    throw refused(file, error);
  }
  const { header, hash, claimed } = reading;
  const sha256 = hash.digest("hex");
  const counted = tallies.read();
  if (header === null) throw refused(file, new MoveError("it is empty"));
  if (claimed === null) throw refused(file, new MoveError("its last line is missing: it was cut off"));
  const changed = claimed === sha256 ? differences(header.kinds, counted) : ["checksum"];
  if (changed.length > 0)
    throw refused(
      file,
      new MoveError(`its checksum does not fit: it was changed or damaged (${changed.join()})`),
    );
  return {
    header,
    sha256,
    lines: () => readLines(file, { header: null, hash: createHash("sha256"), claimed: null }),
  };
}

async function* readLines(file: string, reading: Reading): AsyncGenerator<Line, void, undefined> {
  let number = 0;
  for await (const text of splitLines(createReadStream(file))) {
    number += 1;
    if (reading.claimed !== null) throw new MoveError(`line ${number} comes after its end`);
    reading.claimed = /^\{"sha256":"([0-9a-f]{64})"\}$/.exec(text)?.[1] ?? null;
    if (reading.claimed !== null) continue;
    reading.hash.update(text).update("\n");
    if (reading.header === null) reading.header = parseHeader(text);
    else yield parseLine(text, number);
  }
}

function refused(file: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "EISDIR" || code === "EACCES")
    return new MoveError(`${file} cannot be read (${code}); nothing was written`);
  if (!(error instanceof MoveError)) return error;
  return new MoveError(`${file} is refused, and nothing was written: ${error.message}`);
}
