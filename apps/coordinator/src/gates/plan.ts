import type { Gate } from "@mosaic/domain";
import { type Detection, type GateCommand, plainCommand } from "../detect/gate-command.ts";
import {
  coverageThreshold,
  DEFINITION_PATH,
  type GatesDefinition,
  type ParsedDefinition,
} from "./definition.ts";
import { countsItsTests } from "./known-runner.ts";

/** A gate with something to run. */
export interface RunnableGate {
  readonly kind: "run";
  readonly gate: Gate;
  readonly command: GateCommand;
  readonly timeoutMs: number;
  /** Set for the coverage gate: the share of lines it needs, and where its report is when the base branch says. */
  readonly coverage?: { readonly threshold: number; readonly report?: string };
  /** Set for gates that run tests: the base branch's least number of them, and whether the runner always counts them. */
  readonly tests?: { readonly minimum?: number; readonly counted: boolean };
}

/** A gate whose outcome is known without running anything. */
export interface SettledGate {
  readonly kind: "settled";
  readonly gate: Gate;
  readonly outcome: "missing" | "skipped" | "error";
  readonly message: string;
}

export type GatePlan = RunnableGate | SettledGate;

export interface PlanRequest {
  readonly gates: readonly Gate[];
  readonly definition: ParsedDefinition;
  readonly detection: Detection;
  readonly defaultTimeoutMs: number;
}

/** What each gate does: the base branch's `.mosaic/gates.json` first, what was detected there next, else nothing. */
export function planGates(request: PlanRequest): readonly GatePlan[] {
  const { definition } = request;
  return request.gates.map((gate): GatePlan => {
    if (!definition.ok) return { kind: "settled", gate, outcome: "error", message: definition.reason };
    return planGate(gate, definition.definition, request);
  });
}

function planGate(gate: Gate, definition: GatesDefinition, request: PlanRequest): GatePlan {
  const own = definition.gates?.[gate];
  if (own?.skip !== undefined) {
    const message = `Skipped by the base branch's ${DEFINITION_PATH}: ${own.skip}`;
    return { kind: "settled", gate, outcome: "skipped", message };
  }
  const command =
    own?.command === undefined
      ? request.detection.commands[gate]
      : plainCommand(own.command, `the base branch's ${DEFINITION_PATH}`);
  if (!command) return { kind: "settled", gate, outcome: "missing", message: missingMessage(gate) };

  const timeoutMs = own?.timeoutSeconds === undefined ? request.defaultTimeoutMs : own.timeoutSeconds * 1000;
  const runnable = { kind: "run", gate, command, timeoutMs } as const;
  if (gate === "tests" || gate === "integration") {
    const minimum = gate === "tests" ? definition.tests?.minimum : undefined;
    const counted = countsItsTests(command.command, request.detection.scripts ?? {});
    return { ...runnable, tests: { counted, ...(minimum === undefined ? {} : { minimum }) } };
  }
  if (gate !== "coverage") return runnable;
  const report = own?.report ?? definition.coverage?.report;
  const threshold = coverageThreshold(definition);
  return { ...runnable, coverage: { threshold, ...(report === undefined ? {} : { report }) } };
}

function missingMessage(gate: Gate): string {
  const remedy =
    `On the base branch, name one in ${DEFINITION_PATH}, {"gates":{"${gate}":{"command":"…"}}}, ` +
    `or say why there is none: {"gates":{"${gate}":{"skip":"<reason>"}}}.`;
  if (gate === "review") return `Review by an independent agent is not available in this version. ${remedy}`;
  return `The base branch has no command for the '${gate}' gate, and none could be detected. ${remedy}`;
}
