import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { AuditLog } from "../ledgers.ts";
import { exportEntry } from "./audit-entries.ts";
import type { Mover } from "./mover.ts";
import { FORMAT, type Header, type Summary } from "./header.ts";
import { KINDS, lineText, type Kind, type Line } from "./lines.ts";
import { MoveError } from "./place.ts";
import { syncPath } from "./sync-path.ts";
import { createTallies, type Tallies } from "./tally.ts";

/** What is to be written. */
export interface Source {
  readonly from: Header["from"];
  /** Every record: the control plane first, tasks before agents, events in order. */
  readonly lines: AsyncIterable<Line>;
  /** To be asked when the lines were read. */
  readonly summary: () => Promise<Summary>;
  readonly audit: Pick<AuditLog, "append">;
}

export interface WriteOptions extends Mover {
  /** Where the file is to be; it must not be there yet. */
  readonly file: string;
  readonly signal: AbortSignal;
}

/** Text that is written together, in characters. */
const BATCH = 1 << 20;

/**
 * Writes an export: readable by its owner only, whole and synced under its name or not there at all. That it was taken is
 * audited before it is there; what it holds is the installation before that.
 * @throws MoveError when there is a file of that name
 */
export async function writeFile(source: Source, options: WriteOptions): Promise<Header> {
  const { file, at, signal } = options;
  // The first line tells the numbers of all that follow, which are known at the end.
  const [body, draft] = [`${file}.${randomUUID()}.body`, `${file}.${randomUUID()}.part`];
  try {
    const kinds = await writeBody(body, source.lines, signal);
    const header: Header = {
      mosaic: "installation",
      format: FORMAT,
      from: source.from,
      at,
      ...(await source.summary()),
      kinds,
    };
    const sha256 = await writeWhole(draft, header, body);
    await source.audit.append(exportEntry(options, { header, sha256, file }));
    await publish(draft, file);
    return header;
  } finally {
    await Promise.all([body, draft].map((name) => rm(name, { force: true })));
  }
}

async function writeBody(
  file: string,
  lines: AsyncIterable<Line>,
  signal: AbortSignal,
): Promise<Tallies<Kind>> {
  const tallies = createTallies(KINDS);
  const handle = await open(file, "wx", 0o600);
  try {
    let batch = "";
    for await (const line of lines) {
      signal.throwIfAborted();
      const text = lineText(line);
      tallies.add(line.kind, text);
      batch += `${text}\n`;
      if (batch.length < BATCH) continue;
      await handle.writeFile(batch);
      batch = "";
    }
    await handle.writeFile(batch);
  } finally {
    await handle.close();
  }
  return tallies.read();
}

/** Header, body, and the checksum over both, which is also what it gives. */
async function writeWhole(file: string, header: Header, body: string): Promise<string> {
  const handle = await open(file, "wx", 0o600);
  try {
    const hash = createHash("sha256");
    const write = async (chunk: Buffer | string): Promise<void> => {
      hash.update(chunk);
      await handle.writeFile(chunk);
    };
    await write(`${JSON.stringify(header)}\n`);
    for await (const chunk of createReadStream(body)) await write(chunk as Buffer);
    const sha256 = hash.digest("hex");
    await handle.writeFile(`${JSON.stringify({ sha256 })}\n`);
    await handle.sync();
    return sha256;
  } finally {
    await handle.close();
  }
}

/** A link, unlike a renaming, does not take the place of a file that is there. */
async function publish(draft: string, file: string): Promise<void> {
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new MoveError(`${file} is there already: name another one, or move it away`);
  }
  await syncPath(dirname(file));
}
