import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitContext } from "../context.ts";
import { namesIn } from "../exists.ts";
import { findRecord, workspaceNames } from "../set-aside.ts";
import { type DatedRef, datedRefs, SALVAGE_REFS } from "./list.ts";
import { listKept, type Weights, weightOf } from "./kept.ts";
import type { SalvageSet, SalvageUsage } from "./port.ts";

/** Lies in a mirror that lost refs since it was packed. */
export const TO_PACK = "mosaic-to-pack";

type Context = Pick<GitContext, "git" | "limits" | "layout" | "mirrors" | "trash" | "onProblem">;

/** Every mirror on disk, whole ones only. */
export async function mirrorsOf({ layout }: Pick<GitContext, "layout">): Promise<readonly string[]> {
  return (await namesIn(layout.mirrors))
    .filter((name) => !name.startsWith("."))
    .map((name) => join(layout.mirrors, name));
}

/** All there is, by agent. */
export async function listSets(context: Context): Promise<readonly SalvageSet[]> {
  const sets = new Map<string, SalvageSet>();
  const workspaces = await workspaceNames(context);
  const add = (key: string, found: Omit<SalvageSet, "inUse">): void => {
    const known = sets.get(key);
    sets.set(key, {
      ...found,
      mirror: known?.mirror ?? found.mirror,
      refs: [...(known?.refs ?? []), ...found.refs],
      kept: [...(known?.kept ?? []), ...found.kept],
      at: Math.max(known?.at ?? 0, found.at),
      inUse: workspaces.some((name) => name.startsWith(`agent-${key}-`)),
    });
  };
  for (const mirror of await mirrorsOf(context)) {
    for (const { name, objectId, at } of await refsOf(context, mirror)) {
      const agentId = name.split("/")[3];
      if (agentId !== undefined) add(agentId, { agentId, mirror, refs: [{ name, objectId }], kept: [], at });
    }
  }
  for (const { name, agentId, at } of await listKept(context.layout))
    add(agentId ?? name, { agentId, mirror: null, refs: [], kept: [name], at });
  return [...sets.values()];
}

/** Of a mirror; none of one that is damaged, which keeps nobody from the others. It is put aside when it is used next. */
async function refsOf(context: Context, mirror: string): Promise<readonly DatedRef[]> {
  try {
    return await datedRefs(context, mirror, SALVAGE_REFS);
  } catch (error) {
    context.onProblem(`what was saved in ${mirror} cannot be listed`, error);
    return [];
  }
}

/** What all of it takes on disk. */
export async function usageOf(context: Context, weights: Weights): Promise<SalvageUsage> {
  const sets = await listSets(context);
  const byMirror = Map.groupBy(sets, ({ mirror }) => mirror);
  let bytes = 0;
  for (const [mirror, found] of byMirror) {
    if (mirror !== null)
      bytes += await bytesOnDisk(
        context,
        mirror,
        found.flatMap(({ refs }) => refs.map((ref) => ref.objectId)),
      );
  }
  for (const name of sets.flatMap(({ kept }) => kept)) {
    bytes += (await weightOf(context.layout, name, weights)).bytes;
  }
  return { agents: sets.filter(({ agentId }) => agentId !== null).length, bytes };
}

/** Bytes of the objects that these have and no branch of the remote has. */
async function bytesOnDisk(
  { git, limits }: Context,
  mirror: string,
  objectIds: readonly string[],
): Promise<number> {
  if (objectIds.length === 0) return 0;
  const { stdout } = await git.run({
    command: "rev-list",
    gitDir: mirror,
    options: ["--objects", "--disk-usage", "--not", "--remotes=origin", "--not", "--stdin"],
    stdin: objectIds.map((id) => `${id}\n`).join(""),
    timeoutMs: limits.localMs,
  });
  return Number(stdout.toString().trim());
}

/** Lets go of a set: refs at once, folders in the background. */
export async function removeSet(context: Context, set: SalvageSet): Promise<void> {
  const { mirror, refs, agentId } = set;
  if (agentId !== null && (await hasWorkspace(context, agentId)))
    throw new Error(`agent ${agentId} has a workspace; what was saved of it stays`);
  if (mirror !== null && refs.length > 0) {
    await writeFile(join(mirror, TO_PACK), "");
    await context.mirrors.withRefs(mirror, async () => {
      const branches = await branchesAt(context, mirror, new Set(refs.map(({ objectId }) => objectId)));
      const lines = [...refs, ...branches].map(({ name, objectId }) => `delete ${name} ${objectId}\n`);
      await context.git.run({
        command: "update-ref",
        gitDir: mirror,
        options: ["--no-deref", "--stdin"],
        stdin: lines.join(""),
      });
    });
  }
  for (const name of set.kept) await context.trash.take(join(context.layout.kept, name));
}

/** Branches of ours that hold the agent's commits; without them its objects would stay. */
async function branchesAt(
  context: Context,
  mirror: string,
  objectIds: ReadonlySet<string>,
): Promise<readonly { readonly name: string; readonly objectId: string }[]> {
  const branches = await datedRefs(context, mirror, ["refs/heads/mosaic"]);
  return branches.filter(({ objectId }) => objectIds.has(objectId));
}

async function hasWorkspace(context: Context, agentId: string): Promise<boolean> {
  return (await workspaceNames(context)).some((name) => name.startsWith(`agent-${agentId}-`));
}

/** Whether a workspace borrows from a mirror, or nobody can tell. */
export async function isBorrowed(context: Pick<GitContext, "layout">, mirror: string): Promise<boolean> {
  if ((await namesIn(join(mirror, "worktrees"))).length > 0) return true;
  for (const name of await workspaceNames(context)) {
    const record = await findRecord(context, name).catch(() => null);
    const concerns = record === null || record.mirror === mirror;
    if (concerns && (await workspaceNames(context)).includes(name)) return true;
  }
  return false;
}
