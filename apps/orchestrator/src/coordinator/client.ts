import { coordinatorRoutes, PrepareResponse, Readiness } from "@mosaic/contracts";
import { request as httpRequest } from "undici";
import { examine } from "./approval.ts";
import type { QualityGates } from "./port.ts";
import { createTransport, type TransportOptions, unavailable } from "./transport.ts";

export interface QualityGatesOptions extends TransportOptions {
  /** Whether this instance runs with YOLO_MODE; an approval without a check counts only then. Default false. */
  readonly acceptYolo?: boolean;
  /** Milliseconds for `health`; default 3000. */
  readonly healthTimeoutMs?: number;
}

/** The gates, over HTTP (ORCH-113). Whatever cannot be believed is an `AttemptFailure` `gates_unavailable`. */
export function createQualityGates(options: QualityGatesOptions): QualityGates {
  const transport = createTransport(options);
  return {
    async check(request, signal) {
      const answer = await transport.post(coordinatorRoutes.checkQuality.path, request, signal);
      const examined = examine(answer, request, options.acceptYolo === true);
      if (!examined.ok) throw unavailable(`the coordinator's answer is not valid: ${examined.why}`);
      return examined.response;
    },
    async prepare(request, signal) {
      const answer = await transport.post(coordinatorRoutes.prepareDependencies.path, request, signal);
      const parsed = PrepareResponse.safeParse(answer);
      if (!parsed.success)
        throw unavailable("the coordinator's answer on dependencies is not valid", parsed.error);
      return parsed.data;
    },
    health: () => health(options),
  };
}

async function health(
  options: QualityGatesOptions,
): Promise<{ readonly ok: boolean; readonly detail: string }> {
  try {
    const answer = await httpRequest(new URL(coordinatorRoutes.ready.path, options.baseUrl), {
      headers: { authorization: `Bearer ${options.token}` },
      signal: AbortSignal.timeout(options.healthTimeoutMs ?? 3000),
      reset: true,
    });
    const readiness = Readiness.parse(await answer.body.json());
    const faults = Object.entries(readiness.checks).filter(([, check]) => !check.ok);
    const detail = faults.map(([name, check]) => `${name}: ${check.detail}`).join("; ");
    return {
      ok: readiness.status === "ready",
      detail: detail === "" ? `ready at ${options.baseUrl}` : detail,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message || error.name : String(error);
    return {
      ok: false,
      detail: `the coordinator at ${options.baseUrl} does not answer as it should: ${why}`,
    };
  }
}
