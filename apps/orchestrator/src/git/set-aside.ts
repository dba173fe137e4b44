import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { exists, moveIfThere, namesIn } from "./exists.ts";
import { folderName, type Layout } from "./layout.ts";
import type { CleanupStep, Workspace } from "./port.ts";
import { loadRecord, type WorkspaceRecord } from "./record.ts";
import { step } from "./step.ts";

/** Where the parts of a workspace lie that was set aside, below one folder of its own. */
export interface Places {
  readonly folder: string;
  readonly tree: string;
  readonly privateDir: string;
  /** git's own part of the worktree: its HEAD and index. */
  readonly adminDir: string;
}

/** Label of a sandbox that saves what an agent left. It names the agent so that no kill of the agent ends it. */
export const savingLabel = (agentId: string): string => `saving-${agentId}`;

export function placesOf(layout: Layout, name: string): Places {
  const folder = join(layout.aside, name);
  return {
    folder,
    tree: join(folder, "tree"),
    privateDir: join(folder, "private"),
    adminDir: join(folder, "admin"),
  };
}

/**
 * Takes a workspace out of its place: files, git's part and private folder are renamed. Nothing is read and git is not
 * asked, so that a hundred are moved in no time, whatever is in them. Can be done again when it was cut off. Never throws;
 * stops at the first step that fails.
 */
export async function setAside(context: GitContext, workspace: Workspace): Promise<readonly CleanupStep[]> {
  const { layout, reach } = context;
  const { agentId, taskId, mirror } = workspace;
  const name = folderName(agentId, taskId);
  const places = placesOf(layout, name);
  const steps = [
    // First: a start after a crash prunes what git knows of worktrees without files, and the index is needed.
    await step("git", async () => {
      await mkdir(places.folder, { recursive: true, mode: 0o700 });
      if (!(await exists(mirror))) return "the mirror is gone";
      return await take(join(mirror, "worktrees", name), places.adminDir);
    }),
  ];
  reach("cleanup.forgotten");
  if (steps.every(({ ok }) => ok))
    steps.push(await step("worktree", () => take(join(layout.workspaces, name), places.tree)));
  reach("cleanup.moved");
  if (steps.every(({ ok }) => ok))
    // Last: where its record lies, a later try finds the rest.
    steps.push(await step("private", () => take(join(layout.private, name), places.privateDir)));
  return steps;
}

/** The record of a workspace that was set aside, as it is there. @throws when it cannot be understood */
export async function recordAside(places: Places): Promise<WorkspaceRecord | null> {
  const record = await loadRecord(places.privateDir);
  if (record === null) return null;
  return { ...record, tree: places.tree, adminDir: record.adminDir === null ? null : places.adminDir };
}

/** Folder names of all workspaces there are, those that are set aside included. */
export async function workspaceNames({ layout }: Pick<GitContext, "layout">): Promise<readonly string[]> {
  return [...new Set([...(await namesIn(layout.private)), ...(await namesIn(layout.aside))])];
}

/** The record of a workspace, wherever it lies. @throws when it cannot be understood */
export async function findRecord(
  { layout }: Pick<GitContext, "layout">,
  name: string,
): Promise<WorkspaceRecord | null> {
  return (
    (await loadRecord(join(layout.private, name))) ?? (await loadRecord(placesOf(layout, name).privateDir))
  );
}

async function take(from: string, to: string): Promise<string | undefined> {
  // What an earlier try has moved stays; what lies in the place again by then is nobody's.
  if ((await exists(to)) || (await moveIfThere(from, to))) return undefined;
  return "was gone already";
}
