import { realpath } from "node:fs/promises";
import { AttemptFailure, type Repository } from "@mosaic/domain";
import type { QualityGates } from "../../coordinator/port.ts";
import type { Workspace } from "../../git/port.ts";
import { type AttemptContext, enter, record } from "../context.ts";

export interface OpenedWorkspace {
  readonly workspace: Workspace;
  /** The dependencies of its base commit, which are prepared beside it. */
  readonly preparing: ReturnType<QualityGates["prepare"]>;
}

/** Mirror, worktree and private git directory for this attempt. */
export async function openWorkspace(context: AttemptContext): Promise<OpenedWorkspace> {
  await enter(context, "workspace");
  context.services.reach("workspace.entered");
  await assertSameFolder(context.repository);
  const started = context.services.now().getTime();
  let preparing: OpenedWorkspace["preparing"] | null = null;
  const prepare = ({ mirror, baseCommit }: Pick<Workspace, "mirror" | "baseCommit">) =>
    context.services.gates.prepare({ mirror, commit: baseCommit }, context.signal);
  const workspace = await context.services.workspaces.create(
    {
      repository: context.repository,
      baseBranch: context.task.branch,
      agentId: context.agent.agentId,
      taskId: context.task.taskId,
      onBase(base) {
        preparing = prepare(base);
        // Who waits for it comes later; until then its failure is nobody's.
        preparing.catch(() => undefined);
      },
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
  return { workspace, preparing: preparing ?? prepare(workspace) };
}

/** A local folder was resolved when it was admitted; what has become a link since may lead anywhere. */
async function assertSameFolder({ kind, url }: Repository): Promise<void> {
  if (kind !== "local") return;
  const now = await realpath(url).catch((error: NodeJS.ErrnoException) => error.code ?? "unreadable");
  if (now !== url)
    throw new AttemptFailure("workspace", `${url} is no longer the folder that was admitted (${now})`);
}
