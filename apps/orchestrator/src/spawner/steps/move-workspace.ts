import type { Workspace } from "../../git/port.ts";
import { type AttemptContext, enter, record } from "../context.ts";
import type { Landing } from "./land-commit.ts";

/** Puts the merge with the new head before the agent: from here on its work is a change of that head. */
export async function moveWorkspace(
  context: AttemptContext,
  workspace: Workspace,
  { landing, turn }: { readonly landing: Landing; readonly turn: number },
): Promise<Workspace> {
  const { services, signal, execution } = context;
  await enter(context, "merge");
  const started = services.now().getTime();
  const { head, commit } = landing;
  // Between the snapshot of this turn and the next one's.
  const request = { head, commit, sequence: turn + 0.5 };
  const moved = await services.workspaces.moveBase(workspace, request, signal);
  execution.workspace = moved;
  await record(context, {
    type: "workspace.moved",
    data: { baseCommit: head, commit, durationMs: services.now().getTime() - started },
    patch: { baseCommit: head, snapshotCommit: commit },
  });
  services.reach("workspace.moved");
  return moved;
}
