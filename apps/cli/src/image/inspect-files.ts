import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { buffer } from "node:stream/consumers";
import { createScanner } from "@mosaic/secrets";
import { extract, type Header } from "tar-stream";

/** What an image's files must not be. `where` is a path. */
export interface FileProblem {
  readonly kind: "setuid" | "writable" | "secret";
  readonly where: string;
  readonly what: string;
}

export interface LookedAt {
  readonly files: number;
  /** Files whose content was looked through; larger ones and programs are not. */
  readonly scanned: number;
  readonly problems: readonly FileProblem[];
}

/** Programs and data are larger; what people put into an image by mistake is not. */
const MAX_SCANNED_BYTES = 256 * 1024;
const SETUID_SETGID = 0o6000;
const STICKY = 0o1000;
const OTHERS_WRITE = 0o002;
/** Devices, processes: made anew in every container. */
const NOT_OF_THE_IMAGE = /^(?:dev|proc|sys)\//;

/** Looks through the files of an image, as a tar archive; nothing of it is written or run. */
export async function inspectFiles(archive: Readable): Promise<LookedAt> {
  const scanner = createScanner({ salt: "the findings are shown once and compared with nothing" });
  const problems: FileProblem[] = [];
  let files = 0;
  let scanned = 0;
  const reader = extract();
  const reading = pipeline(archive, reader);
  for await (const entry of reader) {
    const { header } = entry;
    if (NOT_OF_THE_IMAGE.test(header.name)) {
      entry.resume();
      continue;
    }
    files += header.type === "file" ? 1 : 0;
    problems.push(...modeProblems(header));
    if (header.type !== "file" || header.size > MAX_SCANNED_BYTES) {
      entry.resume();
      continue;
    }
    const content = await buffer(entry);
    if (content.includes(0)) continue;
    scanned += 1;
    for (const { rule, line } of scanner.scan({ path: header.name, content })) {
      problems.push({
        kind: "secret",
        where: line === null ? header.name : `${header.name}:${line}`,
        what: rule,
      });
    }
  }
  await reading;
  return { files, scanned, problems };
}

function modeProblems({ name, type, mode }: Header): readonly FileProblem[] {
  const text = (mode & 0o7777).toString(8);
  if (type === "file" && (mode & SETUID_SETGID) !== 0)
    return [{ kind: "setuid", where: name, what: `mode ${text}` }];
  const isOpen =
    (mode & OTHERS_WRITE) !== 0 && (type === "file" || (type === "directory" && (mode & STICKY) === 0));
  return isOpen ? [{ kind: "writable", where: name, what: `mode ${text}` }] : [];
}
