import { GitError, reasonOf } from "@mosaic/git";
import type { GitContext } from "./context.ts";
import { unsafeTree } from "./tree-check.ts";

/** As git does after a fetch: few objects become files of their own, many stay a pack. */
const UNPACK_LIMIT = 100;

/**
 * Takes untrusted objects into the mirror. Every one is checked (fsck, and that what it points to exists), and is on
 * disk, not only in a cache, when this returns.
 * @throws AttemptFailure `unsafe_tree` when one does not pass
 */
export async function importObjects(
  { git, limits }: Pick<GitContext, "git" | "limits">,
  mirror: string,
  pack: Buffer,
): Promise<void> {
  const objects = pack.length >= 12 && pack.toString("latin1", 0, 4) === "PACK" ? pack.readUInt32BE(8) : null;
  if (objects === null) throw unsafeTree(["git's answer holds no pack"]);
  if (objects === 0) return;
  const config = [["core.fsyncMethod", "batch"]] as const;
  const few = { command: "unpack-objects", options: ["-q", "--strict"] } as const;
  const many = { command: "index-pack", options: ["--stdin", "--strict"] } as const;
  try {
    const how = objects <= UNPACK_LIMIT ? few : many;
    await git.run({ ...how, gitDir: mirror, config, stdin: pack, timeoutMs: limits.localMs });
  } catch (error) {
    if (!(error instanceof GitError) || error.kind !== "failed") throw error;
    throw unsafeTree([`git refuses its objects: ${reasonOf(error.stderr)}`], error);
  }
}
