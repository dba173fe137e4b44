import {
  ProblemError,
  type QualityCheckRequest,
  type QualityCheckResponse,
  type Verdict,
} from "@mosaic/contracts";
import { gatesInPhase, profileGates } from "@mosaic/domain";
import type { Metrics } from "@mosaic/telemetry";
import type { Semaphore } from "async-mutex";
import { type Mirror, type Mirrors, requireAncestor, requireCommit } from "../checkout/mirror.ts";
import type { WorkArea } from "../checkout/work-area.ts";
import type { DependencyStore } from "../dependencies/store.ts";
import type { EnvironmentPolicy } from "../environment/read-environment.ts";
import type { Workbench } from "../execution/workbench.ts";
import { aggregate } from "../gates/aggregate.ts";
import { checkCommit } from "../gates/check-commit.ts";

/** A check that was let through without looking, because the instance runs with YOLO_MODE. */
export interface YoloApproval {
  readonly taskId: string;
  readonly agentId: string;
  readonly commit: string;
  readonly phase: string;
  readonly at: number;
}

export interface CheckQualityOptions {
  readonly bench: Workbench;
  readonly area: WorkArea;
  readonly store: DependencyStore;
  readonly metrics: Metrics;
  readonly slots: Semaphore;
  readonly mirrors: Mirrors;
  readonly environment: EnvironmentPolicy;
  readonly defaultTimeoutMs: number;
  /** Checks at once; more are refused. */
  readonly maxChecks: number;
  readonly yolo: boolean;
  readonly onYolo: (approval: YoloApproval) => void | Promise<void>;
  readonly toolchain: Readonly<Record<string, string>>;
}

/** `POST /api/quality/check`. */
export type CheckQuality = (
  request: QualityCheckRequest,
  signal: AbortSignal,
) => Promise<QualityCheckResponse>;

export function createCheckQuality(options: CheckQualityOptions): CheckQuality {
  let running = 0;
  return async (request, signal) => {
    if (request.profile === "custom" && (request.gates ?? []).length === 0) {
      const detail = "The custom profile needs 'gates': the list of gates to run, at least one.";
      throw new ProblemError("custom_gates_required", detail);
    }
    if (options.yolo) return await approveUnseen(options, request);
    if (running >= options.maxChecks) {
      const detail = `${options.maxChecks} checks are running already; try again later.`;
      throw new ProblemError("rate_limited", detail, { retryAfter: 5 });
    }
    running += 1;
    try {
      return await check(options, request, signal);
    } finally {
      running -= 1;
    }
  };
}

async function check(
  options: CheckQualityOptions,
  request: QualityCheckRequest,
  signal: AbortSignal,
): Promise<QualityCheckResponse> {
  const { bench, metrics } = options;
  const startedAt = bench.now();
  const verdicts = await options.mirrors.reading(request.mirror, signal, (mirror) =>
    runChecks(options, request, { mirror, signal }),
  );
  for (const { gate, outcome, durationMs } of verdicts) {
    metrics.gateVerdicts.inc({ gate, outcome });
    metrics.gateDuration.observe({ gate }, durationMs / 1000);
  }
  const durationMs = Math.max(0, bench.now() - startedAt);
  const { toolchain } = options;
  const response = aggregate({ request, verdicts, yolo: false, startedAt, durationMs, toolchain });
  const { taskId, agentId, commit, phase } = request;
  bench.logger.info(
    { taskId, agentId, commit, phase, approved: response.approved, durationMs },
    "gates have run",
  );
  return response;
}

async function runChecks(
  options: CheckQualityOptions,
  request: QualityCheckRequest,
  { mirror, signal }: { readonly mirror: Mirror; readonly signal: AbortSignal },
): Promise<readonly Verdict[]> {
  const { bench, area } = options;
  const tree = await requireCommit(mirror, request.commit);
  await requireCommit(mirror, request.base);
  await requireAncestor(mirror, request, signal);

  const checkId = bench.ids();
  const gates = gatesInPhase(profileGates(request.profile, request.gates), request.phase);
  const { agentId } = request;
  return await area.withFolder(`c-${checkId}`, (folder) =>
    checkCommit(request, { ...options, mirror, tree, gates, checkId, agentId, folder, signal }),
  );
}

/** ORCH-123: nothing is looked at, and that is said everywhere, each time. */
async function approveUnseen(
  { bench, onYolo, toolchain }: CheckQualityOptions,
  request: QualityCheckRequest,
): Promise<QualityCheckResponse> {
  const { taskId, agentId, commit, phase } = request;
  const at = bench.now();
  bench.logger.warn(
    { taskId, agentId, commit, phase },
    "Quality gates disabled (YOLO_MODE): approved without a check",
  );
  await onYolo({ taskId, agentId, commit, phase, at });
  return aggregate({ request, verdicts: [], yolo: true, startedAt: at, durationMs: 0, toolchain });
}
