import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { exists, namesIn } from "./exists.ts";
import { HALF_MADE } from "./mirror-create.ts";
import { removeFormerLocks } from "./mirror-locks.ts";
import type { CleanupStep } from "./port.ts";
import { loadRecord } from "./record.ts";
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
    await step("scratch", async () => discard(layout.scratch, await namesIn(layout.scratch))),
    await step("half-made mirrors", async () => {
      const names = (await namesIn(layout.mirrors)).filter((name) => name.startsWith(HALF_MADE));
      return await discard(layout.mirrors, names);
    }),
    await step("half-made workspaces", async () => discard(layout.private, await unrecorded(context))),
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
    if (!hasTree && (await loadRecord(join(layout.private, name))) === null) names.push(name);
  }
  return names;
}

async function unlockMirrors(context: GitContext): Promise<string> {
  const { layout, mirrors } = context;
  let removed = 0;
  for (const name of await namesIn(layout.mirrors)) {
    const mirror = join(layout.mirrors, name);
    removed += await mirrors.withRefs(mirror, async () => {
      const locks = await removeFormerLocks(mirror);
      await pruneWorktrees(context, mirror);
      return locks.length;
    });
  }
  return `${removed} removed`;
}
