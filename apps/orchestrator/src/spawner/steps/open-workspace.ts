import { realpath } from "node:fs/promises";
import { AttemptFailure, type Repository } from "@mosaic/domain";
import type { Workspace } from "../../git/port.ts";
import { type AttemptContext, enter, record } from "../context.ts";

/** Mirror, worktree and private git directory for this attempt. */
export async function openWorkspace(context: AttemptContext): Promise<Workspace> {
  await enter(context, "workspace");
  context.services.reach("workspace.entered");
  await assertSameFolder(context.repository);
  const started = context.services.now().getTime();
  const workspace = await context.services.workspaces.create(
    {
      repository: context.repository,
      baseBranch: context.task.branch,
      agentId: context.agent.agentId,
      taskId: context.task.taskId,
    },
    context.signal,
  );
  context.execution.workspace = workspace;
  context.services.reach("workspace.made");
  await record(context, {
    type: "workspace.ready",
    data: {
      branch: workspace.branch,
      baseCommit: workspace.baseCommit,
      files: workspace.files,
      durationMs: context.services.now().getTime() - started,
    },
    patch: { branch: workspace.branch, baseCommit: workspace.baseCommit },
  });
  context.services.reach("workspace.recorded");
  return workspace;
}

/** A local folder was resolved when it was admitted; what has become a link since may lead anywhere. */
async function assertSameFolder({ kind, url }: Repository): Promise<void> {
  if (kind !== "local") return;
  const now = await realpath(url).catch((error: NodeJS.ErrnoException) => error.code ?? "unreadable");
  if (now !== url)
    throw new AttemptFailure("workspace", `${url} is no longer the folder that was admitted (${now})`);
}
