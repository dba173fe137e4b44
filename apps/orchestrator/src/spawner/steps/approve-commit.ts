import type { Snapshot, Workspace } from "../../git/port.ts";
import type { AttemptContext } from "../context.ts";
import type { Rejection } from "../rejection.ts";
import { checkGates } from "./check-gates.ts";
import { commitSnapshot } from "./commit-snapshot.ts";
import { scanSecrets } from "./scan-secrets.ts";

/**
 * Everything a commit has to pass before it may be pushed, in order: secrets, the gates before the commit, the commit
 * itself, the gates after it. The base is the workspace's: its gates count. null is the only approval.
 */
export async function approveCommit(
  context: AttemptContext,
  workspace: Workspace,
  { snapshot, turn }: { readonly snapshot: Snapshot; readonly turn: number },
): Promise<Rejection | null> {
  const before =
    (await scanSecrets(context, workspace, snapshot)) ??
    (await checkGates(context, workspace, { snapshot, phase: "pre-commit", turn }));
  if (before !== null) return before;
  await commitSnapshot(context, workspace, snapshot);
  const after = await checkGates(context, workspace, { snapshot, phase: "post-commit", turn });
  if (after === null) context.services.reach("commit.approved");
  return after;
}
