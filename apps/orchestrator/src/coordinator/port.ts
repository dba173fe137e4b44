import type { PrepareResponse, QualityCheckRequest, QualityCheckResponse } from "@mosaic/contracts";

/**
 * The gates, as the lifecycle sees them. Fails closed: what cannot be decided is thrown as an `AttemptFailure`
 * `gates_unavailable`, and an approval that is not about the commit that was asked for is such a case.
 */
export interface QualityGates {
  check(request: QualityCheckRequest, signal?: AbortSignal): Promise<QualityCheckResponse>;
  prepare(request: { mirror: string; commit: string }, signal?: AbortSignal): Promise<PrepareResponse>;
  health(): Promise<{ readonly ok: boolean; readonly detail: string }>;
}
