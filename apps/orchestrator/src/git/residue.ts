import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { exists, namesIn } from "./exists.ts";
import { folderName } from "./layout.ts";

/** What still exists of an agent: its tree, its private folder, git's registration of its worktree in any mirror. */
export async function residueOf(
  { layout }: Pick<GitContext, "layout">,
  agentId: string,
  taskId: string,
): Promise<readonly string[]> {
  const name = folderName(agentId, taskId);
  const registered = (await namesIn(layout.mirrors)).map((mirror) =>
    join(layout.mirrors, mirror, "worktrees", name),
  );
  const candidates = [join(layout.workspaces, name), join(layout.private, name), ...registered];
  const found = await Promise.all(candidates.map(async (path) => ((await exists(path)) ? [path] : [])));
  return found.flat();
}
