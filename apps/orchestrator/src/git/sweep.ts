import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { exists, moveIfThere, namesIn } from "./exists.ts";
import { killFormerGit } from "./former-processes.ts";
import { discardHalfMade } from "./half-made-worktrees.ts";
import { HALF_MADE } from "./mirror-create.ts";
import { removeFormerLocks } from "./mirror-locks.ts";
import type { CleanupStep } from "./port.ts";
import { loadRecord } from "./record.ts";
import { findRecord, placesOf, workspaceNames } from "./set-aside.ts";
import { step } from "./step.ts";
import { pruneWorktrees } from "./worktree.ts";

/**
 * Removes what a former process left half-made, locked or in the trash. Workspaces stay: whoever knows their agents
 * decides about them. Only before this process does anything else in the data folder.
 */
export async function sweepLeftovers(context: GitContext): Promise<readonly CleanupStep[]> {
  const { layout, trash } = context;
  const discard = async (folder: string, names: readonly string[]): Promise<string> => {
    for (const name of names) await trash.take(join(folder, name));
    return `${names.length} removed`;
  };
  return [
    // First: a git that goes on would make locks and files again behind our back.
    await step("git processes", async () => `${await killFormerGit(layout.root)} ended`),
    await step("scratch", async () => discard(layout.scratch, await namesIn(layout.scratch))),
    await step("half-made mirrors", async () => {
      const names = (await namesIn(layout.mirrors)).filter((name) => name.startsWith(HALF_MADE));
      return await discard(layout.mirrors, names);
    }),
    await step("half-made workspaces", async () => discard(layout.private, await unrecorded(context))),
    await step("unknown workspaces", () => putAside(context)),
    await step("locks", () => unlockMirrors(context)),
    await step("trash", async () => {
      await trash.empty();
      return undefined;
    }),
  ];
}

/** Private folders of creations that were cut off before anything else was made. */
async function unrecorded({ layout }: GitContext): Promise<readonly string[]> {
  const names: string[] = [];
  for (const name of await namesIn(layout.private)) {
    const hasTree = await exists(join(layout.workspaces, name));
    const record = await loadRecord(join(layout.private, name)).catch(() => "unreadable" as const);
    if (!hasTree && record === null) names.push(name);
  }
  return names;
}

/** Files that no readable record knows of may be somebody's work: they are kept, and what is left of their records too. */
async function putAside(context: GitContext): Promise<string> {
  const { layout, newId } = context;
  const names = new Set([...(await namesIn(layout.workspaces)), ...(await workspaceNames(context))]);
  let moved = 0;
  for (const name of names) {
    const record = await findRecord(context, name).catch(() => null);
    if (record !== null) continue;
    const aside = placesOf(layout, name);
    const places = [
      [join(layout.workspaces, name), join(layout.kept, `${name}-${newId()}`)],
      [aside.tree, join(layout.kept, `${name}-${newId()}`)],
      [join(layout.private, name), join(layout.kept, `git-${name}-${newId()}`)],
      [aside.privateDir, join(layout.kept, `git-${name}-${newId()}`)],
    ] as const;
    for (const [from, to] of places) if (await moveIfThere(from, to)) moved += 1;
    await context.trash.take(aside.folder);
  }
  return `${moved} kept`;
}

async function unlockMirrors(context: GitContext): Promise<string> {
  const { layout, mirrors } = context;
  let removed = 0;
  for (const name of await namesIn(layout.mirrors)) {
    const mirror = join(layout.mirrors, name);
    removed += await mirrors.withRefs(mirror, async () => {
      const locks = await removeFormerLocks(mirror);
      const worktrees = await discardHalfMade(context, mirror);
      await pruneWorktrees(context, mirror);
      return locks.length + worktrees;
    });
  }
  return `${removed} removed`;
}
