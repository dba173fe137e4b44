import { AttemptFailure } from "@mosaic/domain";
import type { Snapshot, Workspace } from "../../git/port.ts";
import { type AttemptContext, assertGoing, enter, record } from "../context.ts";
import { StopSignal } from "../registry.ts";
import type { Completed } from "../rejection.ts";
import { scanOutgoing } from "./scan-outgoing.ts";

/** Pushes exactly the gated commit, which is on the head its base branch was just seen at, and believes it only when the remote says so. */
export async function pushCommit(
  context: AttemptContext,
  workspace: Workspace,
  snapshot: Snapshot,
): Promise<Completed> {
  const { services, repository, execution } = context;
  await enter(context, "push");
  await scanOutgoing(context, workspace, snapshot.commit);
  services.reach("push.checked");
  // The intention is durable before anything leaves: after a crash the remote is asked what came of it.
  await record(context, {
    type: "push.started",
    data: { commit: snapshot.commit, branch: workspace.branch },
  });
  services.reach("push.intended");
  assertGoing(context);
  const started = services.now().getTime();
  const pushed = await services.workspaces.push(repository, workspace, snapshot.commit, {
    signal: context.signal,
    // A process that was stopped since then may have lost the task: whoever has it may be pushing, too.
    async beforeSending() {
      if ((await execution.lease?.confirm()) === false) throw new StopSignal("lease_lost");
      execution.pushing = true;
    },
  });
  services.reach("push.done");
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
  services.reach("push.recorded");
  return { branch: pushed.branch, commit: pushed.commit };
}
