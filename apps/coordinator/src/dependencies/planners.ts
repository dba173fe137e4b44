import type { CommitFiles } from "../detect/commit-files.ts";
import { planGo } from "./go.ts";
import { planNode } from "./node.ts";
import type { DependencyPlan, DependencyPlanner, PlannedDependencies, PrepareSettings } from "./plan.ts";
import { planPython } from "./python.ts";
import { planRust } from "./rust.ts";

const PLANNERS: readonly DependencyPlanner[] = [planNode, planPython, planGo, planRust];

type Needed = Exclude<PlannedDependencies, { kind: "none" }>;

/** What has to be prepared for a commit, ecosystem by ecosystem; empty when it declares no dependencies. */
export async function planDependencies(
  files: CommitFiles,
  settings: PrepareSettings,
): Promise<readonly Needed[]> {
  const planned = await Promise.all(PLANNERS.map((plan) => plan(files, settings)));
  const needed = planned.filter((result) => result.kind !== "none");
  if (settings.command === undefined) return needed;
  // A command of the base branch's own prepares every ecosystem at once, and knows how without a lockfile of ours.
  const plans = needed.filter((result) => result.kind === "plan").map(({ plan }) => plan);
  return plans.length === 0 ? needed : [{ kind: "plan", plan: merge(plans, settings.command) }];
}

function merge(plans: readonly DependencyPlan[], command: string): DependencyPlan {
  return {
    manager: plans.map(({ manager }) => manager).join("+"),
    program: null,
    command,
    env: mergeEnvironments(plans.map(({ env }) => env)),
    inputs: [...new Set(plans.flatMap(({ inputs }) => inputs))],
    placeholders: [...new Set(plans.flatMap(({ placeholders }) => placeholders))],
    outputs: plans.flatMap(({ outputs }) => outputs),
    runtime: {
      env: mergeEnvironments(plans.map(({ runtime }) => runtime.env)),
      path: plans.flatMap(({ runtime }) => runtime.path),
    },
  };
}

/** The variables of all, the first one's where several set the same. */
export function mergeEnvironments(
  environments: readonly Readonly<Record<string, string>>[],
): Readonly<Record<string, string>> {
  return Object.assign({}, ...environments.toReversed()) as Record<string, string>;
}
