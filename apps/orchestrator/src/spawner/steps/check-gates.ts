import type { QualityCheckResponse } from "@mosaic/contracts";
import { AttemptFailure, gatesInPhase, type GatePhase } from "@mosaic/domain";
import type { Snapshot, Workspace } from "../../git/port.ts";
import { type AttemptContext, enter, record } from "../context.ts";
import type { Rejection } from "../rejection.ts";

interface GateRequest {
  readonly snapshot: Snapshot;
  readonly phase: GatePhase;
  readonly turn: number;
}

/** Output of one gate that an agent is shown, in characters. */
const SHOWN_OUTPUT = 6000;

/** The gates of one phase on exactly this commit. What cannot be decided is thrown by the port, never approved. */
export async function checkGates(
  context: AttemptContext,
  workspace: Workspace,
  request: GateRequest,
): Promise<Rejection | null> {
  const { services, task, agent } = context;
  const { snapshot, phase } = request;
  const gates = gatesInPhase(task.gates, phase);
  await enter(context, phase === "pre-commit" ? "pre-commit gates" : "post-commit gates");
  // The switch as it is now: a task may have been admitted under another.
  if (services.settings.yolo) return skip(context, request);
  await record(context, {
    type: "gates.started",
    data: { phase, commit: snapshot.commit, gates: [...gates] },
  });
  services.reach(`gates.${phase}.started`);
  const started = services.now().getTime();
  const answer = await services.gates.check(
    {
      taskId: task.taskId,
      agentId: agent.agentId,
      files: snapshot.files.map((file) => file.path),
      diffSummary: `${snapshot.files.length} files changed`,
      mirror: workspace.mirror,
      commit: snapshot.commit,
      base: workspace.baseCommit,
      phase,
      profile: task.gateProfile,
      ...(task.gateProfile === "custom" ? { gates: [...task.gates] } : {}),
    },
    context.signal,
  );
  services.reach(`gates.${phase}.answered`);
  await recordVerdicts(context, answer, phase);
  services.reach(`gates.${phase}.recorded`);
  if (answer.approved) {
    const durationMs = services.now().getTime() - started;
    await record(context, { type: "gates.approved", data: { phase, commit: snapshot.commit, durationMs } });
    return null;
  }
  return reject(context, request, answer);
}

async function skip(context: AttemptContext, { snapshot, phase }: GateRequest): Promise<null> {
  const why = "YOLO_MODE=true: quality gates disabled";
  await record(context, { type: "gates.skipped", data: { phase, commit: snapshot.commit, why } });
  await context.services.audit.append({
    at: context.services.now().toISOString(),
    actor: "system",
    action: "gates.skip",
    subject: context.agent.agentId,
    reason: why,
    data: { phase, commit: snapshot.commit, taskId: context.task.taskId },
  });
  return null;
}

async function recordVerdicts(
  context: AttemptContext,
  answer: QualityCheckResponse,
  phase: GatePhase,
): Promise<void> {
  for (const { gate, outcome, commit, durationMs, message } of answer.details?.verdicts ?? []) {
    context.services.metrics.gateVerdicts.inc({ gate, outcome });
    context.services.metrics.gateDuration.observe({ gate }, durationMs / 1000);
    await record(context, {
      type: "gates.verdict",
      data: { phase, gate, outcome, commit, durationMs, message },
    });
  }
}

async function reject(
  context: AttemptContext,
  { snapshot, phase, turn }: GateRequest,
  answer: QualityCheckResponse,
): Promise<Rejection> {
  const message = answer.message ?? `gate ${answer.gate} rejected the change`;
  await record(context, {
    type: "gates.rejected",
    data: {
      phase,
      commit: snapshot.commit,
      gate: answer.gate,
      message,
      attempt: turn,
      attemptsLeft: context.maxAttempts - turn,
    },
  });
  const failed = (answer.details?.verdicts ?? []).filter(
    ({ outcome }) => outcome !== "passed" && outcome !== "skipped",
  );
  // Commands are the base branch's: no turn of an agent can bring one that is missing.
  if (failed.length > 0 && failed.every(({ outcome }) => outcome === "missing")) {
    throw new AttemptFailure("rejected", `no agent can repair this: ${message}`, { details: answer.details });
  }
  return {
    reason: "rejected",
    what: message,
    details: failed
      .map((verdict) =>
        [
          `gate ${verdict.gate}: ${verdict.outcome}, ${verdict.message}`,
          verdict.command === null ? "" : `$ ${verdict.command}  (exit ${verdict.exitCode ?? "none"})`,
          verdict.output.slice(-SHOWN_OUTPUT),
        ]
          .filter((line) => line !== "")
          .join("\n"),
      )
      .join("\n\n"),
    evidence: answer.details ?? { gate: answer.gate, message },
  };
}
