import { AttemptFailure } from "@mosaic/domain";
import { GitError, reasonOf } from "@mosaic/git";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { importObjects } from "./import-objects.ts";
import { looseObjects, packLoose } from "./loose-objects.ts";
import { type MergeNote, type MergeStage, parseMerge } from "./parse-merge.ts";
import { graft, isStillThere } from "./merge-base.ts";

/** `merge-tree`'s answer that there are conflicts. */
const CONFLICTED = 1;

interface MergeTreesRequest {
  readonly mirror: string;
  /** What the base branch has become; git's `ours`. */
  readonly head: string;
  /** The work; git's `theirs`. */
  readonly commit: string;
  /** The commit the work was made on. Without it, git looks for what both have in common. */
  readonly base?: string;
  /** Whether the mirror gets what the merge made; without it nothing stays. */
  readonly keep: boolean;
}

export interface TreeMerge {
  readonly clean: boolean;
  /** The merged tree; with conflicts, its files hold both sides between markers. */
  readonly tree: string;
  /** What stands behind the markers: `<<<<<<< ours`, `>>>>>>> theirs`. */
  readonly labels: { readonly ours: string; readonly theirs: string };
  /** True when the base branch no longer holds the commit the work was made on. */
  readonly rewritten: boolean;
  readonly stages: readonly MergeStage[];
  readonly notes: readonly MergeNote[];
}

/**
 * Merges two commits without any working tree (research note "sandbox and git", section 5). Only the hardened
 * configuration is read, so that no merge driver runs. What comes out is written to a place of its own first; it gets
 * into the mirror as other people's objects do, after fsck.
 * @throws AttemptFailure `conflict` when they have nothing in common; the signal's reason
 */
export async function mergeTrees(
  context: GitContext,
  request: MergeTreesRequest,
  signal?: AbortSignal,
): Promise<TreeMerge> {
  const objects = join(context.layout.scratch, context.newId());
  await mkdir(objects, { mode: 0o700 });
  try {
    return await mergeIn(context, { ...request, objects }, signal);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const why = reasonOf(error.stderr) || error.message;
    throw new AttemptFailure("conflict", `the work cannot be merged with its base branch: ${why}`, {
      cause: error,
    });
  } finally {
    await rm(objects, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function mergeIn(
  context: GitContext,
  request: MergeTreesRequest & { readonly objects: string },
  signal: AbortSignal | undefined,
): Promise<TreeMerge> {
  const { git, limits } = context;
  const { mirror, objects, base } = request;
  const env = {
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: join(mirror, "objects"),
  } as const;
  const rewritten = base !== undefined && !(await isStillThere(context, { ...request, base }));
  const sides = rewritten ? await graft(context, { ...request, base }, env) : { ...request, root: "" };
  const { code, stdout } = await git.run({
    command: "merge-tree",
    gitDir: mirror,
    options: ["--write-tree", "-z"],
    values: [sides.head, sides.commit],
    env,
    accept: [0, CONFLICTED],
    maxBytes: limits.snapshotBytes,
    timeoutMs: limits.localMs,
    signal,
  });
  const parsed = parseMerge(stdout.toString());
  if (request.keep) {
    const ours = new Set([sides.head, sides.commit, sides.root]);
    const made = (await looseObjects(objects)).filter((id) => !ours.has(id));
    if (made.length > 0)
      await importObjects(context, mirror, await packLoose(context, { mirror, env, ids: made }));
  }
  return { ...parsed, clean: code === 0, rewritten, labels: { ours: sides.head, theirs: sides.commit } };
}
