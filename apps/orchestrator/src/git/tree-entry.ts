import type { ObjectReader } from "@mosaic/git";

/** What is at a path of a commit. */
export interface PathEntry {
  readonly kind: "file" | "folder" | "link" | "repository";
  readonly objectId: string;
}

/** A folder with a million entries; what is larger cannot be looked into. */
const MAX_TREE_BYTES = 64 * 1024 * 1024;

/**
 * Looks a path up, folder by folder. null when nothing is there: a link on the way leads nowhere.
 * @throws when the commit is not one of the repository, or a folder on the way cannot be read
 */
export async function entryAt(
  objects: ObjectReader,
  { commit, path }: { readonly commit: string; readonly path: string },
): Promise<PathEntry | null> {
  const root = await objects.info(`${commit}^{tree}`);
  if (root === null) throw new Error(`${commit} is not a commit of the mirror`);
  let at: PathEntry = { kind: "folder", objectId: root.id };
  for (const name of path.split("/")) {
    const entry = at.kind === "folder" ? await entryIn(objects, at.objectId, name) : null;
    if (entry === null) return null;
    at = entry;
  }
  return at;
}

async function entryIn(objects: ObjectReader, tree: string, name: string): Promise<PathEntry | null> {
  const found = await objects.read(tree, MAX_TREE_BYTES);
  if (found === null) throw new Error(`the folder ${tree} is not in the mirror, or has too many entries`);
  return entryOf(found.content, { name, idBytes: tree.length / 2 });
}

/** A tree is a row of `<mode> <name>`, NUL, and the id's bytes. */
function entryOf(
  tree: Buffer,
  { name, idBytes }: { readonly name: string; readonly idBytes: number },
): PathEntry | null {
  const wanted = Buffer.from(name);
  for (let start = 0; start < tree.length;) {
    const space = tree.indexOf(0x20, start);
    const end = tree.indexOf(0, space + 1);
    const next = end + 1 + idBytes;
    if (space < 0 || end < 0 || next > tree.length)
      throw new Error("a folder of the mirror is no tree of git");
    if (tree.subarray(space + 1, end).equals(wanted))
      return {
        kind: kindOf(tree.toString("latin1", start, space)),
        objectId: tree.toString("hex", end + 1, next),
      };
    start = next;
  }
  return null;
}

/** As git reads a mode: by its type, for old histories have zeros in front and other permissions. */
function kindOf(mode: string): PathEntry["kind"] {
  if (!/^[0-7]{1,7}$/.test(mode)) throw new Error(`a folder of the mirror has an entry of mode '${mode}'`);
  const type = Number.parseInt(mode, 8) & 0o170000;
  if (type === 0o100000) return "file";
  if (type === 0o040000) return "folder";
  return type === 0o120000 ? "link" : "repository";
}
