import { AttemptFailure } from "@mosaic/domain";
import type { Conflict } from "../git/port.ts";
import { approveCommit } from "./steps/approve-commit.ts";
import { findMarkers } from "./steps/find-markers.ts";
import { landCommit, type Landing } from "./steps/land-commit.ts";
import { moveWorkspace } from "./steps/move-workspace.ts";
import { openWorkspace } from "./steps/open-workspace.ts";
import { reportOverlaps } from "./steps/report-overlaps.ts";
import { startAgent } from "./steps/start-agent.ts";
import { takeSnapshot } from "./steps/take-snapshot.ts";
import { takeTurn } from "./steps/take-turn.ts";
import type { AttemptContext } from "./context.ts";
import type { Completed, Rejection } from "./rejection.ts";
import { rejectionPrompt } from "./prompt.ts";

/**
 * The way of one task, from claim to verified push (DESIGN §5). Each step lives in its own file and records what it
 * did as an event. A rejection becomes the agent's next prompt, at most `maxAttempts` times; every other way out is
 * an `AttemptFailure`. What is pushed is a commit that passed everything as that very commit: the snapshot, or, when
 * the base branch has moved, its merge with the new head. Work that does not go together with that head goes back to
 * the agent, whose files then hold both.
 */
export async function runAttempt(context: AttemptContext): Promise<Completed> {
  const opened = await openWorkspace(context);
  const agent = await startAgent(context, opened);
  let { workspace } = opened;
  let prompt = agent.firstPrompt;
  let conflict: Conflict | null = null;
  let rejection: Rejection | null = null;

  for (let turn = 1; turn <= context.maxAttempts; turn += 1) {
    await takeTurn(context, agent.session, { prompt, turn });
    const snapshot = await takeSnapshot(context, workspace, turn);
    await reportOverlaps(context, workspace, snapshot);
    let landing: Landing | null = null;
    rejection =
      (await findMarkers(context, workspace, { snapshot, conflict })) ??
      (await approveCommit(context, workspace, { snapshot, turn }));
    if (rejection === null) {
      const landed = await landCommit(context, workspace, { snapshot, turn });
      if (landed.pushed !== null) return landed.pushed;
      ({ rejection, landing } = landed);
    }
    const attemptsLeft = context.maxAttempts - turn;
    if (landing !== null && attemptsLeft > 0) {
      workspace = await moveWorkspace(context, workspace, { landing, turn });
      conflict = landing.conflict ?? conflict;
    }
    prompt = rejectionPrompt({ ...rejection, attemptsLeft });
  }

  throw new AttemptFailure(
    rejection?.reason ?? "rejected",
    `the work was rejected ${context.maxAttempts} times; last: ${rejection?.what ?? "unknown"}`,
    { details: rejection?.evidence },
  );
}
