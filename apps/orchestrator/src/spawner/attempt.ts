import { AttemptFailure } from "@mosaic/domain";
import { checkGates } from "./steps/check-gates.ts";
import { commitSnapshot } from "./steps/commit-snapshot.ts";
import { openWorkspace } from "./steps/open-workspace.ts";
import { pushCommit } from "./steps/push-commit.ts";
import { scanSecrets } from "./steps/scan-secrets.ts";
import { startAgent } from "./steps/start-agent.ts";
import { takeSnapshot } from "./steps/take-snapshot.ts";
import { takeTurn } from "./steps/take-turn.ts";
import type { AttemptContext } from "./context.ts";
import type { Completed, Rejection } from "./rejection.ts";
import { rejectionPrompt } from "./prompt.ts";

/**
 * The way of one task, from claim to verified push (DESIGN §5). Each step lives in its own file and records what it
 * did as an event. A rejection becomes the agent's next prompt, at most `maxAttempts` times; every other way out is
 * an `AttemptFailure`. The commit that the gates saw is the commit that is pushed: it is made once, by the snapshot,
 * and later steps only name it.
 */
export async function runAttempt(context: AttemptContext): Promise<Completed> {
  const workspace = await openWorkspace(context);
  const agent = await startAgent(context, workspace);
  let prompt = agent.firstPrompt;
  let rejection: Rejection | null = null;

  for (let turn = 1; turn <= context.maxAttempts; turn += 1) {
    await takeTurn(context, agent.session, { prompt, turn });
    const snapshot = await takeSnapshot(context, workspace, turn);
    rejection =
      (await scanSecrets(context, workspace, snapshot)) ??
      (await checkGates(context, workspace, { snapshot, phase: "pre-commit", turn }));
    if (rejection === null) {
      await commitSnapshot(context, workspace, snapshot);
      rejection = await checkGates(context, workspace, { snapshot, phase: "post-commit", turn });
    }
    if (rejection === null) return pushCommit(context, workspace, snapshot);
    prompt = rejectionPrompt({
      what: rejection.what,
      details: rejection.details,
      attemptsLeft: context.maxAttempts - turn,
    });
  }

  throw new AttemptFailure(
    rejection?.reason ?? "rejected",
    `the work was rejected ${context.maxAttempts} times; last: ${rejection?.what ?? "unknown"}`,
    { details: rejection?.evidence },
  );
}
