import type { EventData } from "@mosaic/contracts";
import { scanSnapshot } from "../../secrets/scan-snapshot.ts";
import type { Snapshot, Workspace } from "../../git/port.ts";
import { type AttemptContext, enter, record } from "../context.ts";
import type { Rejection } from "../rejection.ts";

/** Findings an agent is shown at most; the rest follow once these are gone. */
const SHOWN = 50;

/** Every added or changed blob, scanned before anything is committed. */
export async function scanSecrets(
  context: AttemptContext,
  workspace: Workspace,
  snapshot: Snapshot,
): Promise<Rejection | null> {
  await enter(context, "secrets");
  const started = context.services.now().getTime();
  const { blobs, findings } = await scanSnapshot(context.services, workspace, snapshot.commit);
  await record(context, {
    type: "secrets.scanned",
    data: {
      commit: snapshot.commit,
      blobs,
      findings: findings.length,
      durationMs: context.services.now().getTime() - started,
    },
  });
  if (findings.length === 0) return null;
  const shown: EventData<"secrets.blocked">["findings"] = findings
    .slice(0, SHOWN)
    .map(({ rule, path, line, fingerprint }) => ({ rule, path, line, fingerprint }));
  await record(context, { type: "secrets.blocked", data: { commit: snapshot.commit, findings: shown } });
  return {
    reason: "secrets",
    what: `the change contains ${findings.length === 1 ? "a secret" : `${findings.length} secrets`}`,
    details: shown
      .map((finding) => `${finding.path}${finding.line === null ? "" : `:${finding.line}`}  ${finding.rule}`)
      .join("\n"),
    evidence: { commit: snapshot.commit, findings: shown },
  };
}
