import { AttemptFailure } from "@mosaic/domain";
import type { Snapshot, Workspace } from "../../git/port.ts";
import { type AttemptContext, assertGoing, enter, record } from "../context.ts";
import type { Completed } from "../rejection.ts";

/** Pushes exactly the gated commit, and believes it only when the remote says so. */
export async function pushCommit(
  context: AttemptContext,
  workspace: Workspace,
  snapshot: Snapshot,
): Promise<Completed> {
  const { services, repository, execution } = context;
  await enter(context, "push");
  const paths = await services.workspaces.conflicts(repository, workspace, snapshot.commit, context.signal);
  if (paths.length > 0) {
    throw new AttemptFailure(
      "conflict",
      `the work conflicts with what ${workspace.baseBranch} has become: ${paths.slice(0, 20).join(", ")}`,
      { details: { commit: snapshot.commit, paths } },
    );
  }
  assertGoing(context);
  execution.pushing = true;
  const started = services.now().getTime();
  const pushed = await services.workspaces.push(repository, workspace, snapshot.commit, context.signal);
  if (pushed.commit !== snapshot.commit) {
    throw new AttemptFailure("push", `the remote has ${pushed.commit}, not the gated ${snapshot.commit}`);
  }
  await record(context, {
    type: "push.verified",
    data: {
      commit: pushed.commit,
      branch: pushed.branch,
      remote: pushed.remote,
      durationMs: services.now().getTime() - started,
    },
    patch: { pushedCommit: pushed.commit },
  });
  return { branch: pushed.branch, commit: pushed.commit };
}
