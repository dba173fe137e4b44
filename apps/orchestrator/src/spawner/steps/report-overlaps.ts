import type { NewEvent } from "@mosaic/contracts";
import type { Snapshot, Workspace } from "../../git/port.ts";
import { type AttemptContext, assertGoing } from "../context.ts";
import { newOverlaps } from "../overlap.ts";

/** Files that an event names. */
const NAMED = 200;

/**
 * Tells people of agents of this process that change the same files, while something can still be done about it. An
 * event for each of the two, and whether what they have now would merge. Stops nobody.
 */
export async function reportOverlaps(
  context: AttemptContext,
  workspace: Workspace,
  snapshot: Snapshot,
): Promise<void> {
  const { services, execution } = context;
  const { mirror } = workspace;
  const paths = snapshot.files.map(({ path }) => path);
  execution.work = { mirror, commit: snapshot.commit, tree: snapshot.tree, paths };
  for (const { other, files, key } of newOverlaps(execution, services.registry.all())) {
    // Taken before anything is waited for: the other agent may look at this very moment.
    execution.overlaps.add(key);
    other.overlaps.add(key);
    const theirs = other.work?.commit ?? snapshot.commit;
    // The same files on both sides need no merge.
    const isSame = other.work?.tree === snapshot.tree;
    const conflicts = !isSame && !(await services.workspaces.mergesCleanly(mirror, theirs, snapshot.commit));
    assertGoing(context);
    const about = (agent: typeof other, counterpart: typeof other): NewEvent => ({
      type: "agent.overlap",
      time: services.now().toISOString(),
      subject: agent.agentId,
      taskId: agent.taskId,
      data: { other: counterpart.agentId, files: files.slice(0, NAMED), conflicts },
    });
    await services.state.append([about(execution, other), about(other, execution)]);
  }
  services.reach("overlaps.reported");
}
