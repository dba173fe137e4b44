import { Semaphore } from "async-mutex";
import type { GitContext } from "./context.ts";
import { folderName } from "./layout.ts";
import type { CleanupStep, Workspace } from "./port.ts";
import { saveAside } from "./remove.ts";
import { setAside } from "./set-aside.ts";

type Steps = readonly CleanupStep[];

/** Removals under way: two callers (an end and a kill) share one. */
export interface Removals {
  /** Answers when the workspace is out of its place; its work is saved behind. */
  setAside(workspace: Workspace): Promise<Steps>;
  /** Answers when its work is saved, too, with all steps. */
  remove(workspace: Workspace): Promise<Steps>;
  /** Waits for the removal of an agent's workspace, if there is one; without an id, for all. */
  settled(agentId?: string): Promise<void>;
}

/** Workspaces that are saved at once: each takes a process or two. */
const SAVED_AT_ONCE = 8;

export function createRemovals(context: GitContext): Removals {
  const running = new Map<
    string,
    { readonly agentId: string; readonly aside: Promise<Steps>; readonly all: Promise<Steps> }
  >();
  const places = new Semaphore(SAVED_AT_ONCE);
  const begin = (workspace: Workspace) => {
    const key = folderName(workspace.agentId, workspace.taskId);
    const known = running.get(key);
    if (known !== undefined) return known;
    const aside = setAside(context, workspace);
    const all = aside
      .then(async (steps) => {
        if (!steps.every(({ ok }) => ok)) return steps;
        return [...steps, ...(await places.runExclusive(() => saveAside(context, workspace)))];
      })
      .finally(() => running.delete(key));
    const removal = { agentId: workspace.agentId, aside, all };
    running.set(key, removal);
    return removal;
  };
  return {
    setAside: (workspace) => begin(workspace).aside,
    remove: (workspace) => begin(workspace).all,
    async settled(agentId) {
      const own = [...running.values()].filter((removal) => (agentId ?? removal.agentId) === removal.agentId);
      await Promise.all(own.map(({ all }) => all));
    },
  };
}
