import type { EventData } from "@mosaic/contracts";
import type { Finding } from "@mosaic/secrets";
import { CANARY_RULE } from "../../secrets/canary.ts";
import { scanSnapshot } from "../../secrets/scan-snapshot.ts";
import type { CanaryPlace } from "../../secrets/trip-wire.ts";
import type { Snapshot, Workspace } from "../../git/port.ts";
import { type AttemptContext, assertGoing, enter, record, unlessStopped } from "../context.ts";
import type { Rejection } from "../rejection.ts";

/** Findings an agent is shown at most; the rest follow once these are gone. */
const SHOWN = 50;

type Shown = EventData<"secrets.blocked">["findings"];

/** Every added or changed blob, scanned before anything is committed. */
export async function scanSecrets(
  context: AttemptContext,
  workspace: Workspace,
  snapshot: Snapshot,
): Promise<Rejection | null> {
  const { services, canary } = context;
  const { commit } = snapshot;
  await enter(context, "secrets");
  const started = services.now().getTime();
  const target = { workspace, known: canary.known, signal: context.signal };
  // A scan changes nothing: a kill need not wait for a large file to be looked through.
  const scan = scanSnapshot(services, target, commit);
  const { blobs, blocking, allowed } = await unlessStopped(context, scan);
  services.reach("secrets.scanned");
  tripOnCanary(context, blocking, "diff");
  const durationMs = services.now().getTime() - started;
  const findings = blocking.length + allowed.length;
  await record(context, { type: "secrets.scanned", data: { commit, blobs, findings, durationMs } });
  services.reach("secrets.recorded");
  if (allowed.length > 0)
    await record(context, { type: "secrets.allowed", data: { commit, findings: shownOf(allowed) } });
  if (blocking.length === 0) return null;
  const shown = shownOf(blocking);
  await record(context, { type: "secrets.blocked", data: { commit, findings: shown } });
  return {
    reason: "secrets",
    what: `the change contains ${blocking.length === 1 ? "a secret" : `${blocking.length} secrets`}`,
    details: shown
      .map((finding) => `${finding.path}${finding.line === null ? "" : `:${finding.line}`}  ${finding.rule}`)
      .join("\n"),
    evidence: { commit, findings: shown },
  };
}

/** The first findings, as they are told: without anything of the value. */
export function shownOf(findings: readonly Finding[]): Shown {
  return findings
    .slice(0, SHOWN)
    .map(({ rule, path, line, fingerprint }) => ({ rule, path, line, fingerprint }));
}

/** @throws StopSignal when the agent's canary is among the findings: it is being killed */
export function tripOnCanary(
  context: AttemptContext,
  findings: readonly Finding[],
  where: CanaryPlace,
): void {
  if (!findings.some(({ rule }) => rule === CANARY_RULE)) return;
  context.canary.trip(where);
  assertGoing(context);
}
