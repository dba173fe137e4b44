import { AttemptFailure } from "@mosaic/domain";
import type { Conflict, Snapshot, Workspace } from "../../git/port.ts";
import { conflictRejection } from "../conflict-rejection.ts";
import { type AttemptContext, enter, record } from "../context.ts";
import type { Completed, Rejection } from "../rejection.ts";
import { approveCommit } from "./approve-commit.ts";
import { integrateCommit } from "./integrate-commit.ts";
import { pushCommit } from "./push-commit.ts";

/** Where the agent goes on when its work is good, but not together with what the base branch has become. */
export interface Landing {
  readonly head: string;
  /** Both, merged: on the head, with markers where there is a conflict. */
  readonly commit: string;
  readonly conflict: Conflict | null;
}

export type Landed =
  | { readonly pushed: Completed }
  | { readonly pushed: null; readonly rejection: Rejection; readonly landing: Landing };

/**
 * Brings approved work to the remote. While the base branch has moved, the work is merged with its head, and what comes
 * out is a new commit that nobody has approved: it passes everything again. Each try starts from the snapshot, so that no
 * try leaves traces in the next.
 * @throws AttemptFailure `conflict` when the branch moves more often than this is tried
 */
export async function landCommit(
  context: AttemptContext,
  workspace: Workspace,
  { snapshot, turn }: { readonly snapshot: Snapshot; readonly turn: number },
): Promise<Landed> {
  const tries = context.services.settings.integrateAttempts;
  let candidate = snapshot;
  let onto = workspace;
  for (let round = 0; ; round += 1) {
    const head = await movedTo(context, onto);
    if (head === null) return { pushed: await pushCommit(context, onto, candidate) };
    if (round === tries) throw keepsMoving(workspace, snapshot, tries);
    const merged = await integrateCommit(context, workspace, { snapshot, head, turn });
    if (merged.kind === "conflict") {
      const { conflict } = merged;
      const rejection = conflictRejection(conflict, workspace.baseBranch);
      return { pushed: null, rejection, landing: { head, commit: conflict.commit, conflict } };
    }
    candidate = merged.snapshot;
    onto = { ...workspace, baseCommit: head };
    const rejection = await approveCommit(context, onto, { snapshot: candidate, turn });
    if (rejection !== null) {
      const landing = { head, commit: candidate.commit, conflict: null };
      return { pushed: null, rejection: together(rejection, workspace.baseBranch), landing };
    }
  }
}

/** The head of the base branch when it is not the base any more, else null. */
async function movedTo(context: AttemptContext, workspace: Workspace): Promise<string | null> {
  await enter(context, "fetch");
  const { services, repository, signal } = context;
  const head = await services.workspaces.fetchHead(repository, workspace, signal);
  if (head === workspace.baseCommit) return null;
  await record(context, {
    type: "integration.moved",
    data: { branch: workspace.baseBranch, from: workspace.baseCommit, to: head },
  });
  services.reach("head.moved");
  return head;
}

function keepsMoving(workspace: Workspace, snapshot: Snapshot, tries: number): AttemptFailure {
  return new AttemptFailure(
    "conflict",
    `the branch '${workspace.baseBranch}' keeps moving: ${tries} times the work was merged with it and checked, and each time it had moved on by then; run the task when the branch is quieter, or raise MOSAIC_INTEGRATE_ATTEMPTS`,
    { details: { commit: snapshot.commit } },
  );
}

/** Work that passed alone and does not pass merged: the agent has to know what it looks at. */
function together(rejection: Rejection, baseBranch: string): Rejection {
  return {
    ...rejection,
    what: `${rejection.what} (after it was merged with what ${baseBranch} has become)`,
    note: `The branch ${baseBranch} has moved. Your work passed alone, and could be merged with it without a conflict, but not everything passes any more. Your files now hold both: look at what ${baseBranch} changed before you repair it.`,
  };
}
