import { createWriteStream } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import { partsOf } from "./entry-name.ts";

/** What was written, by path below the folder (latin1 of its bytes, so that no two are confused). */
export interface Unpacked {
  readonly files: readonly string[];
  readonly links: readonly string[];
  /** Folders that stand for another repository, with its commit. */
  readonly gitlinks: ReadonlyMap<string, string>;
  readonly bytes: number;
}

/**
 * Writes an archive into an empty folder. Every name is checked, no file is written over, and links are made when all
 * else is done: nothing is ever written through one.
 * @throws Error for a name or an entry that must not be, a broken archive, or what the file system says
 */
export async function unpack(archive: AsyncIterable<Uint8Array>, folder: string): Promise<Unpacked> {
  const root = Buffer.from(`${folder}/`);
  const folders = new Set<string>();
  const files: string[] = [];
  const links = new Map<string, Buffer>();
  const gitlinks = new Map<string, string>();
  let bytes = 0;
  const placeOf = (path: string): Buffer => Buffer.concat([root, Buffer.from(path, "latin1")]);
  const makeFolders = async (parts: readonly Buffer[]): Promise<void> => {
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const path = joined(parts.slice(0, depth));
      if (folders.has(path)) continue;
      await mkdir(placeOf(path));
      folders.add(path);
    }
  };

  const entries = extract();
  const feeding = pipeline(
    Readable.from(archive, { objectMode: false }),
    entries as unknown as NodeJS.WritableStream,
  );
  // Told below, unless reading the entries failed first.
  feeding.catch(() => undefined);
  for await (const entry of entries) {
    const { header } = entry;
    const parts = partsOf(nameOf(header));
    const path = joined(parts);
    if (links.has(path)) throw new Error(`the archive names ${JSON.stringify(header.name)} twice`);
    if (header.type === "directory") {
      await makeFolders(parts);
      const gitlink = paxOf(header)["MOSAIC.gitlink"];
      if (gitlink !== undefined) gitlinks.set(path, gitlink);
    } else {
      await makeFolders(parts.slice(0, -1));
      if (header.type === "symlink") links.set(path, targetOf(header));
      else if (header.type === "file") {
        const mode = (header.mode & 0o100) === 0 ? 0o666 : 0o777;
        await pipeline(entry, createWriteStream(placeOf(path), { flags: "wx", mode }));
        files.push(path);
        bytes += header.size;
      } else throw new Error(`the archive has a ${header.type}: ${JSON.stringify(header.name)}`);
    }
    entry.resume();
  }
  await feeding;
  for (const [path, target] of links) await symlink(target, placeOf(path));
  return { files, links: [...links.keys()], gitlinks, bytes };
}

const joined = (parts: readonly Buffer[]): string => parts.map((part) => part.toString("latin1")).join("/");

function paxOf(header: Header): Readonly<Record<string, string>> {
  return (header.pax ?? {}) as Record<string, string>;
}

/** Names that are no UTF-8 come as base64 in a record of ours. */
function nameOf(header: Header): Buffer {
  const exact = paxOf(header)["MOSAIC.path"];
  if (exact !== undefined) return Buffer.from(exact, "base64");
  return Buffer.from(header.type === "directory" ? header.name.replace(/\/$/, "") : header.name);
}

function targetOf(header: Header): Buffer {
  const exact = paxOf(header)["MOSAIC.linkpath"];
  return exact === undefined ? Buffer.from(header.linkname) : Buffer.from(exact, "base64");
}
