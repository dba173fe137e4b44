import { TASK_ID_PATTERN, workspaceName } from "@mosaic/domain";
import { createHash } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";

/** Where things lie below the data folder. All on one file system, so that moving is one rename. */
export interface Layout {
  /** The data folder itself, without links in its path. */
  readonly root: string;
  /** Bare mirrors, `<hash>.git`. */
  readonly mirrors: string;
  /** Worktrees, `agent-{agentId}-{taskId}` (ORCH-111). */
  readonly workspaces: string;
  /** Per agent: throw-away git directory, record. */
  readonly private: string;
  /** Workspaces on their way out: whole, where no agent is any more, until their work is saved. */
  readonly aside: string;
  /** For the length of one operation. */
  readonly scratch: string;
  /** Waiting to be deleted. */
  readonly trash: string;
  /** Never deleted by us: what could not be saved as a commit, and damaged mirrors. */
  readonly kept: string;
}

const AGENT_ID = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;

/** Makes the folders, readable by nobody else. */
export async function createLayout(dataDir: string): Promise<Layout> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const root = await realpath(dataDir);
  const layout: Layout = {
    root,
    mirrors: join(root, "mirrors"),
    workspaces: join(root, "workspaces"),
    private: join(root, "private"),
    aside: join(root, "aside"),
    scratch: join(root, "scratch"),
    trash: join(root, "trash"),
    kept: join(root, "kept"),
  };
  for (const folder of Object.values(layout)) await mkdir(folder, { recursive: true, mode: 0o700 });
  return layout;
}

/** Path of the mirror of a repository: the same URL is the same mirror. */
export function mirrorPath(layout: Layout, url: string): string {
  const hash = createHash("sha256").update(url).digest("hex").slice(0, 32);
  return join(layout.mirrors, `${hash}.git`);
}

/** Name of an agent's folders. @throws when an id could leave its folder */
export function folderName(agentId: string, taskId: string): string {
  if (!AGENT_ID.test(agentId)) throw new Error(`'${agentId}' is not an agent id`);
  if (!TASK_ID_PATTERN.test(taskId)) throw new Error(`'${taskId}' is not a task id`);
  return workspaceName(agentId, taskId);
}
