import { AttemptFailure } from "@mosaic/domain";
import { scanOutgoing as scan } from "../../secrets/scan-outgoing.ts";
import type { Workspace } from "../../git/port.ts";
import { type AttemptContext, record } from "../context.ts";
import { shownOf, tripOnCanary } from "./scan-secrets.ts";

/**
 * Everything a push would make public, scanned right before it: all commits the remote does not have, their messages
 * and the branch's name. What is found here the agent cannot repair by changing files: the attempt ends.
 * @throws AttemptFailure `secrets`
 */
export async function scanOutgoing(
  context: AttemptContext,
  workspace: Workspace,
  commit: string,
): Promise<void> {
  const { services, canary } = context;
  const started = services.now().getTime();
  const target = { workspace, known: canary.known };
  const { commits, blobs, blocking, allowed } = await scan(services, target, commit);
  tripOnCanary(context, blocking, "commit");
  await record(context, {
    type: "secrets.outgoing",
    data: {
      commit,
      commits,
      blobs,
      findings: blocking.length + allowed.length,
      durationMs: services.now().getTime() - started,
    },
  });
  services.reach("push.scanned");
  if (blocking.length === 0) return;
  const findings = shownOf(blocking);
  await record(context, { type: "secrets.blocked", data: { commit, findings } });
  const places = [...new Set(findings.map(({ path }) => path))].slice(0, 5).join(", ");
  throw new AttemptFailure("secrets", `what would be pushed contains a secret: ${places}`, {
    details: { commit, findings },
  });
}
