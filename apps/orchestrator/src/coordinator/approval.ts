import { QualityCheckResponse, type QualityCheckRequest } from "@mosaic/contracts";
import { gatesInPhase, profileGates } from "@mosaic/domain";

type Details = NonNullable<QualityCheckResponse["details"]>;

export type Examined =
  | { readonly ok: true; readonly response: QualityCheckResponse }
  /** `why` completes "the coordinator's answer is not valid: …". */
  | { readonly ok: false; readonly why: string };

/**
 * Decides whether an answer can be believed: it fits the schema, is about exactly this commit, and an approval is
 * backed by a verdict that lets through for every gate that was asked for.
 * @param acceptYolo whether this instance runs with YOLO_MODE: an approval without a check counts only then
 */
export function examine(answer: unknown, request: QualityCheckRequest, acceptYolo: boolean): Examined {
  const parsed = QualityCheckResponse.safeParse(answer);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, 5);
    const why = issues.map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`).join("; ");
    return { ok: false, why };
  }
  const response = parsed.data;
  const foreign = response.details && otherSubject(response.details, request);
  if (foreign) return { ok: false, why: foreign };
  const unproven = response.approved ? missingProof(response.details, request, acceptYolo) : null;
  return unproven === null ? { ok: true, response } : { ok: false, why: unproven };
}

function otherSubject(details: Details, request: QualityCheckRequest): string | null {
  if (details.commit !== request.commit) return `it is about commit ${details.commit}, not ${request.commit}`;
  if (details.phase !== request.phase) return `it is about the ${details.phase} phase, not ${request.phase}`;
  if (details.profile !== request.profile)
    return `it is about the ${details.profile} profile, not ${request.profile}`;
  const other = details.verdicts.find((verdict) => verdict.commit !== request.commit);
  return other ? `its ${other.gate} verdict is about commit ${other.commit}, not ${request.commit}` : null;
}

function missingProof(
  details: Details | undefined,
  request: QualityCheckRequest,
  acceptYolo: boolean,
): string | null {
  if (!details) return "it approves without details";
  if (details.yolo) {
    return acceptYolo
      ? null
      : "it approves without a check (YOLO_MODE), which this instance does not run with";
  }
  const rejected = details.verdicts.find(({ outcome }) => outcome !== "passed" && outcome !== "skipped");
  if (rejected) return `it approves although its ${rejected.gate} verdict is '${rejected.outcome}'`;
  const required = gatesInPhase(profileGates(request.profile, request.gates), request.phase);
  const missing = required.filter((gate) => !details.verdicts.some((verdict) => verdict.gate === gate));
  return missing.length === 0 ? null : `it approves without a verdict for: ${missing.join(", ")}`;
}
