import { AttemptFailure } from "@mosaic/domain";
import type { Snapshot, Workspace } from "../../git/port.ts";
import { type AttemptContext, enter, record } from "../context.ts";

/** Longest first line of a commit message; git's own tools cut beyond it. */
const SUBJECT_LENGTH = 72;

/** The exact tree as a commit on the base. From here on the work is a commit id, not a folder. */
export async function takeSnapshot(
  context: AttemptContext,
  workspace: Workspace,
  sequence: number,
): Promise<Snapshot> {
  await enter(context, "snapshot");
  const started = context.services.now();
  const snapshot = await context.services.workspaces.snapshot(
    workspace,
    { ...commitMessage(context), sequence, at: started.toISOString() },
    context.signal,
  );
  context.services.reach("snapshot.made");
  if (snapshot.unchanged) {
    throw new AttemptFailure("no_changes", "the agent ended its turn without changing anything");
  }
  const sum = (pick: (file: Snapshot["files"][number]) => number | null): number =>
    snapshot.files.reduce((total, file) => total + (pick(file) ?? 0), 0);
  await record(context, {
    type: "snapshot.taken",
    data: {
      commit: snapshot.commit,
      files: snapshot.files.length,
      additions: sum((file) => file.additions),
      deletions: sum((file) => file.deletions),
      durationMs: context.services.now().getTime() - started.getTime(),
    },
    patch: { snapshotCommit: snapshot.commit },
  });
  context.services.reach("snapshot.recorded");
  return snapshot;
}

/** Message of every commit that holds this task's work. */
export function commitMessage(context: AttemptContext): { subject: string; body: string } {
  const { task, agent } = context;
  const first = plainLine(task.workItems[0] ?? task.taskId);
  const subject = first.length <= SUBJECT_LENGTH ? first : `${first.slice(0, SUBJECT_LENGTH - 1)}…`;
  const items = task.workItems.map((item) => `- ${plainLine(item)}`).join("\n");
  return { subject, body: `${items}\n\nMosaic-Task: ${task.taskId}\nMosaic-Agent: ${agent.agentId}\n` };
}

/** One line that a terminal shows as it is: people read commit messages there, and git prints them raw. */
function plainLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();
}
