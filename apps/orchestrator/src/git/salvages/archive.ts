import { createReadStream } from "node:fs";
import { constants, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pack as createPack } from "tar-stream";
import type { GitContext } from "../context.ts";
import { listTree } from "../tree-listing.ts";
import { readObjects } from "./batch-reader.ts";
import { placeOf, walkKept } from "./kept.ts";
import { type ArchiveEntry, packEntry } from "./pack-entry.ts";
import type { Salvaged } from "./port.ts";

type Context = Pick<GitContext, "git" | "limits" | "layout">;

/** A salvage as a tar stream, made while it is read. */
export function archiveOf(
  context: Context,
  subject: { readonly mirror: string; readonly salvaged: Salvaged },
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const pack = createPack();
  const gone = new AbortController();
  pack.once("close", () => gone.abort());
  const both = AbortSignal.any([signal, gone.signal]);
  const { mirror, salvaged } = subject;
  const entries =
    salvaged.tree === null
      ? keptEntries(join(context.layout.kept, salvaged.ref.slice("kept/".length)))
      : treeEntries(context, mirror, { tree: salvaged.tree, signal: both });
  const fill = async (): Promise<void> => {
    for await (const entry of entries) {
      both.throwIfAborted();
      await packEntry(pack, entry);
    }
    pack.finalize();
  };
  fill().catch((error: unknown) => pack.destroy(error instanceof Error ? error : new Error(String(error))));
  return pack as AsyncIterable<Uint8Array>;
}

/** Git's own archive is not used: it obeys `.gitattributes` (export-ignore, export-subst, line ends, encodings). */
async function* treeEntries(
  context: Context,
  mirror: string,
  { tree, signal }: { readonly tree: string; readonly signal: AbortSignal },
): AsyncGenerator<ArchiveEntry> {
  const entries = await listTree(context, mirror, { tree, signal });
  const objectIds = entries.flatMap(({ size, objectId }) => (size === null ? [] : [objectId]));
  const reader = objectIds.length === 0 ? null : readObjects(context, mirror, { objectIds, signal });
  for (const { mode, objectId, size, path } of entries) {
    if (size === null || reader === null) {
      yield { kind: "folder", path, gitlink: objectId };
      continue;
    }
    const content = reader.next({ objectId, bytes: size });
    if (mode === "120000") yield { kind: "link", path, target: await whole(content) };
    else yield { kind: "file", path, executable: mode === "100755", bytes: size, content };
  }
  await reader?.ended;
}

/** Nested repositories could run programs where they are restored, and devices are not data: both stay where they are. */
async function* keptEntries(folder: string): AsyncGenerator<ArchiveEntry> {
  const isGit = (path: Buffer): boolean => /(?:^|\/)\.git$/i.test(path.toString("latin1"));
  for await (const { path, facts } of walkKept(folder, isGit)) {
    const place = placeOf(folder, path);
    if (facts.isDirectory()) yield { kind: "folder", path };
    else if (facts.isSymbolicLink())
      yield { kind: "link", path, target: await readlink(place, { encoding: "buffer" }) };
    else if (facts.isFile()) {
      const content = createReadStream(place, {
        flags: (constants.O_RDONLY | constants.O_NOFOLLOW) as never,
      });
      yield { kind: "file", path, executable: (facts.mode & 0o100) !== 0, bytes: facts.size, content };
    }
  }
}

async function whole(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}
