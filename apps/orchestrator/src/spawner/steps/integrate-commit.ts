import { AttemptFailure } from "@mosaic/domain";
import type { Merged, Snapshot, Workspace } from "../../git/port.ts";
import { type AttemptContext, enter, record } from "../context.ts";
import { commitMessage } from "./take-snapshot.ts";

/** Files that an event names. */
const NAMED = 200;

/** Merges a snapshot with a head of its base branch, as a new commit on that head; nothing is pushed or gated here. */
export async function integrateCommit(
  context: AttemptContext,
  workspace: Workspace,
  { snapshot, head, turn }: { readonly snapshot: Snapshot; readonly head: string; readonly turn: number },
): Promise<Merged> {
  const { services, signal } = context;
  const mode = services.settings.integrate;
  await enter(context, "integrate");
  const started = services.now();
  const merged = await services.workspaces.merge(
    workspace,
    { ...commitMessage(context), commit: snapshot.commit, head, mode, at: started.toISOString() },
    signal,
  );
  services.reach("merge.made");
  if (merged.kind === "conflict") {
    await record(context, {
      type: "integration.conflict",
      data: {
        commit: snapshot.commit,
        head,
        files: merged.conflict.files.slice(0, NAMED).map(({ path, kind }) => ({ path, kind })),
        attempt: turn,
        attemptsLeft: context.maxAttempts - turn,
      },
    });
    services.reach("conflict.recorded");
    return merged;
  }
  const { commit, unchanged } = merged.snapshot;
  if (unchanged) {
    throw new AttemptFailure(
      "no_changes",
      `the branch '${workspace.baseBranch}' holds the same change by now (${head}); there is nothing left to push`,
    );
  }
  await record(context, {
    type: "integration.clean",
    data: { commit, head, mode, durationMs: services.now().getTime() - started.getTime() },
    patch: { baseCommit: head, snapshotCommit: commit },
  });
  services.reach("merge.recorded");
  return merged;
}
