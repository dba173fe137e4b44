import type { Snapshot, Workspace } from "../../git/port.ts";
import { type AttemptContext, enter, record } from "../context.ts";

/** Moves the workspace's branch to the commit that the pre-commit gates approved. */
export async function commitSnapshot(
  context: AttemptContext,
  workspace: Workspace,
  snapshot: Snapshot,
): Promise<void> {
  await enter(context, "commit");
  await context.services.workspaces.commit(workspace, snapshot.commit);
  context.services.reach("commit.made");
  await record(context, { type: "commit.made", data: { commit: snapshot.commit, branch: workspace.branch } });
  context.services.reach("commit.recorded");
}
