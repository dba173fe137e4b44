import { OBJECT_ID_PATTERN } from "@mosaic/domain";
import type { GitContext } from "./context.ts";
import { GITLINK, listChanges } from "./changes.ts";
import type { AddedBlob, Workspace } from "./port.ts";

const ABSENT = "000000";
const REGULAR = /^100(?:644|755) blob ([0-9a-f]+)\t/;
/** `<id> blob <size>` and line ends. */
const HEADER_BYTES = 128;

/** Blobs that are in the commit and not, under the same path, in the workspace's base. Links count: their text is a blob. */
export async function addedBlobs(
  context: Pick<GitContext, "git" | "limits">,
  { mirror, baseCommit }: Pick<Workspace, "mirror" | "baseCommit">,
  commit: string,
): Promise<readonly AddedBlob[]> {
  const changes = await listChanges(context, mirror, { from: baseCommit, to: commit });
  const added = changes.filter(
    ({ newMode, newId, oldId }) => newMode !== ABSENT && newMode !== GITLINK && newId !== oldId,
  );
  const sizes = await sizesOf(context, mirror, [...new Set(added.map(({ newId }) => newId))]);
  return added.map(({ path, newId }) => {
    const bytes = sizes.get(newId);
    if (bytes === undefined) throw new Error(`the blob ${newId} of '${path}' is not in the mirror`);
    return { path, objectId: newId, bytes };
  });
}

async function sizesOf(
  { git, limits }: Pick<GitContext, "git" | "limits">,
  mirror: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const { stdout } = await git.run({
    command: "cat-file",
    gitDir: mirror,
    options: ["--batch-check=%(objectname) %(objecttype) %(objectsize)"],
    stdin: `${ids.join("\n")}\n`,
    maxBytes: ids.length * HEADER_BYTES,
    timeoutMs: limits.localMs,
  });
  const lines = stdout.toString().trimEnd().split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [id = "", type, size] = line.split(" ");
      return type === "blob" ? [[id, Number(size)] as const] : [];
    }),
  );
}

/** A blob's bytes, or null when it has more than `maxBytes`. @throws when it is not a blob of the mirror */
export async function readBlob(
  { git, limits }: Pick<GitContext, "git" | "limits">,
  { mirror, objectId }: { readonly mirror: string; readonly objectId: string },
  maxBytes: number,
): Promise<Buffer | null> {
  if (!OBJECT_ID_PATTERN.test(objectId)) throw new Error(`'${objectId}' is not an object id`);
  const { stdout, truncated } = await git.run({
    command: "cat-file",
    gitDir: mirror,
    options: ["--batch"],
    stdin: `${objectId}\n`,
    maxBytes: maxBytes + HEADER_BYTES,
    overflow: "cut",
    timeoutMs: limits.localMs,
  });
  const end = stdout.indexOf("\n");
  const [, type, size] = stdout.subarray(0, Math.max(end, 0)).toString().split(" ");
  if (type !== "blob") throw new Error(`${objectId} is not a blob of the mirror`);
  const bytes = Number(size);
  if (bytes > maxBytes) return null;
  const content = stdout.subarray(end + 1, end + 1 + bytes);
  if (truncated || content.length !== bytes)
    throw new Error(`the blob ${objectId} could not be read to its end`);
  return content;
}

/** A regular file's bytes at a commit, or null: not there, a link, a folder, or more than `maxBytes`. */
export async function readFileAt(
  context: Pick<GitContext, "git" | "limits">,
  { mirror, commit, path }: { readonly mirror: string; readonly commit: string; readonly path: string },
  maxBytes: number,
): Promise<Buffer | null> {
  if (!OBJECT_ID_PATTERN.test(commit)) throw new Error(`'${commit}' is not a commit's id`);
  if (path.includes("\0") || path.split("/").some((part) => ["", ".", ".."].includes(part))) return null;
  const { stdout } = await context.git.run({
    command: "ls-tree",
    gitDir: mirror,
    options: ["-z", "--full-tree"],
    values: [commit],
    paths: [path],
  });
  const objectId = REGULAR.exec(stdout.toString())?.[1];
  return objectId === undefined ? null : await readBlob(context, { mirror, objectId }, maxBytes);
}
