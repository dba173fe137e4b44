import { OBJECT_ID_PATTERN } from "@mosaic/domain";
import type { ObjectReader } from "@mosaic/git";
import type { GitContext } from "./context.ts";
import { GITLINK, listChanges } from "./changes.ts";
import type { AddedBlob, Workspace } from "./port.ts";
import { entryAt } from "./tree-entry.ts";

const ABSENT = "000000";
/** Questions that wait for their answers at once. */
const AT_ONCE = 256;

type Reading = Pick<GitContext, "git" | "limits" | "facts">;

/** Blobs that are in the commit and not, under the same path, in the workspace's base. Links count: their text is a blob. */
export async function addedBlobs(
  context: Reading,
  {
    objects,
    mirror,
    baseCommit,
  }: Pick<Workspace, "mirror" | "baseCommit"> & { readonly objects: ObjectReader },
  commit: string,
): Promise<readonly AddedBlob[]> {
  const changes = await listChanges(context, mirror, { from: baseCommit, to: commit });
  const added = changes.filter(
    ({ newMode, newId, oldId }) => newMode !== ABSENT && newMode !== GITLINK && newId !== oldId,
  );
  const sizes = await sizesOf(objects, [...new Set(added.map(({ newId }) => newId))]);
  return added.map(({ path, newId }) => {
    const bytes = sizes.get(newId);
    if (bytes === undefined) throw new Error(`the blob ${newId} of '${path}' is not in the mirror`);
    return { path, objectId: newId, bytes };
  });
}

async function sizesOf(objects: ObjectReader, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const found = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => objects.info(id)));
    for (const info of found) if (info?.type === "blob") sizes.set(info.id, info.bytes);
  }
  return sizes;
}

/** A blob's bytes, or null when it has more than `maxBytes`. @throws when it is not a blob of the mirror */
export async function readBlob(
  objects: ObjectReader,
  objectId: string,
  maxBytes: number,
): Promise<Buffer | null> {
  if (!OBJECT_ID_PATTERN.test(objectId)) throw new Error(`'${objectId}' is not an object id`);
  const info = await objects.info(objectId);
  if (info?.type !== "blob") throw new Error(`${objectId} is not a blob of the mirror`);
  if (info.bytes > maxBytes) return null;
  const found = await objects.read(objectId, maxBytes);
  if (found === null) throw new Error(`the blob ${objectId} could not be read to its end`);
  return found.content;
}

/** A regular file's bytes at a commit, or null: not there, a link, a folder, or more than `maxBytes`. */
export async function readFileAt(
  objects: ObjectReader,
  { commit, path }: { readonly commit: string; readonly path: string },
  maxBytes: number,
): Promise<Buffer | null> {
  if (!OBJECT_ID_PATTERN.test(commit)) throw new Error(`'${commit}' is not a commit's id`);
  if (path.includes("\0") || path.split("/").some((part) => ["", ".", ".."].includes(part))) return null;
  const entry = await entryAt(objects, { commit, path });
  return entry?.kind === "file" ? await readBlob(objects, entry.objectId, maxBytes) : null;
}
