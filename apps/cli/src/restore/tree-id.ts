import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import type { Unpacked } from "./unpack.ts";

interface TreeNode {
  /** By name in latin1: a file's mode and id, or a folder. */
  readonly children: Map<string, TreeNode | { readonly mode: string; readonly id: string }>;
}

/**
 * The id git gives to the files of a folder, computed from what lies there: with it, a restore is proven to be what was
 * saved, byte for byte, without git and without trusting the way it came.
 */
export async function treeIdOf(
  folder: string,
  unpacked: Unpacked,
  algorithm: "sha1" | "sha256",
): Promise<string> {
  const root: TreeNode = { children: new Map() };
  for (const path of [...unpacked.files, ...unpacked.links]) {
    put(
      root,
      path,
      await read(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, "latin1")]), algorithm),
    );
  }
  for (const [path, id] of unpacked.gitlinks) put(root, path, { mode: "160000", id });
  return hashTree(root, algorithm);
}

function put(root: TreeNode, path: string, leaf: { readonly mode: string; readonly id: string }): void {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  let node = root;
  for (const part of parts) {
    const known = node.children.get(part);
    const next: TreeNode = known !== undefined && "children" in known ? known : { children: new Map() };
    node.children.set(part, next);
    node = next;
  }
  node.children.set(name, leaf);
}

async function read(
  place: Buffer,
  algorithm: string,
): Promise<{ readonly mode: string; readonly id: string }> {
  const facts = await lstat(place);
  const hash = createHash(algorithm).update(`blob ${facts.size}\0`);
  if (facts.isSymbolicLink()) {
    hash.update(await readlink(place, { encoding: "buffer" }));
    return { mode: "120000", id: hash.digest("hex") };
  }
  for await (const chunk of createReadStream(place) as AsyncIterable<Buffer>) hash.update(chunk);
  return { mode: (facts.mode & 0o100) === 0 ? "100644" : "100755", id: hash.digest("hex") };
}

/** git orders names by their bytes, a folder's as if it ended with a slash. */
function hashTree(node: TreeNode, algorithm: string): string {
  const entries = [...node.children].map(([name, child]) => {
    if (!("children" in child)) return { name, key: name, ...child };
    return { name, key: `${name}/`, mode: "40000", id: hashTree(child, algorithm) };
  });
  entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  const body = Buffer.concat(
    entries.flatMap(({ mode, name, id }) => [
      Buffer.from(`${mode} ${name}\0`, "latin1"),
      Buffer.from(id, "hex"),
    ]),
  );
  return createHash(algorithm).update(`tree ${body.length}\0`).update(body).digest("hex");
}
