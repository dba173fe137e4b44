import type { QualityCheckRequest, QualityCheckResponse, Verdict } from "@mosaic/contracts";

type Details = NonNullable<QualityCheckResponse["details"]>;

export interface Aggregate {
  readonly request: Pick<QualityCheckRequest, "commit" | "phase" | "profile">;
  /** In the profile's order, `prepare` first. */
  readonly verdicts: readonly Verdict[];
  readonly yolo: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly toolchain: Details["toolchain"];
}

const CHARACTERS_EACH = 1000;

/** True for the outcomes that let a commit through. */
export function letsThrough(verdict: Verdict): boolean {
  return verdict.outcome === "passed" || verdict.outcome === "skipped";
}

/** One answer from many verdicts: approved only when every one of them lets the commit through. */
export function aggregate(result: Aggregate): QualityCheckResponse {
  const { request, verdicts } = result;
  const rejections = verdicts.filter((verdict) => !letsThrough(verdict));
  const details: Details = {
    commit: request.commit,
    phase: request.phase,
    profile: request.profile,
    yolo: result.yolo,
    startedAt: new Date(result.startedAt).toISOString(),
    durationMs: result.durationMs,
    verdicts: [...verdicts],
    toolchain: result.toolchain,
  };
  const [first] = rejections;
  if (first) return { approved: false, gate: first.gate, message: rejectionMessage(rejections), details };
  return { approved: true, gate: request.phase, message: approvalMessage(result), details };
}

function rejectionMessage(rejections: readonly Verdict[]): string {
  return rejections
    .map((verdict) => `${verdict.gate} (${verdict.outcome}): ${verdict.message.slice(0, CHARACTERS_EACH)}`)
    .join("\n");
}

function approvalMessage({ request, verdicts, yolo }: Aggregate): string {
  if (yolo) return "Quality gates disabled (YOLO_MODE): nothing was checked.";
  if (verdicts.length === 0)
    return `The ${request.profile} profile has no gate in the ${request.phase} phase.`;
  const names = (outcome: Verdict["outcome"]) =>
    verdicts.filter((verdict) => verdict.outcome === outcome).map((verdict) => verdict.gate);
  const skipped = names("skipped");
  const passed = names("passed");
  return [
    passed.length === 0 ? "" : `Passed: ${passed.join(", ")}.`,
    skipped.length === 0 ? "" : `Skipped by the base branch: ${skipped.join(", ")}.`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}
