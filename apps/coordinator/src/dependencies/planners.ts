import { ENVIRONMENT_FOLDER } from "@mosaic/contracts";
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
  const { image, environment } = settings;
  const command =
    environment === undefined ? settings.command : ["set -e", ...environment.commands].join("\n");
  const planned = await Promise.all(PLANNERS.map((plan) => plan(files, { ...settings, command })));
  const needed = planned.filter((result) => result.kind !== "none");
  const found = needed.filter((result) => result.kind === "plan").map(({ plan }) => plan);
  const asPlanned = (plan: DependencyPlan): Needed => ({ kind: "plan", plan: { ...plan, image } });
  // Commands of the base branch's own prepare every ecosystem at once, and know how without a lockfile of ours.
  if (command !== undefined && environment !== undefined)
    return [asPlanned(inEnvironment(merge(found, command), environment.inputs, files))];
  if (command !== undefined && found.length > 0) return [asPlanned(merge(found, command))];
  return needed.map((result) => (result.kind === "plan" ? asPlanned(result.plan) : result));
}

/** The plan of `.mosaic/environment.json`: there is one even where no manager is known, and it has a folder of its own. */
function inEnvironment(plan: DependencyPlan, inputs: readonly string[], files: CommitFiles): DependencyPlan {
  const read = inputs.filter((path) => files.paths.has(path));
  return {
    ...plan,
    manager: ["environment", plan.manager].filter((name) => name !== "").join("+"),
    inputs: [...new Set([...plan.inputs, ...read])],
    environment: true,
    runtime: {
      env: { ...plan.runtime.env, MOSAIC_ENVIRONMENT: ENVIRONMENT_FOLDER },
      path: plan.runtime.path,
      pathEnd: [`${ENVIRONMENT_FOLDER}/bin`],
    },
  };
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
      pathEnd: plans.flatMap(({ runtime }) => runtime.pathEnd),
    },
  };
}

/** The variables of all, the first one's where several set the same. */
export function mergeEnvironments(
  environments: readonly Readonly<Record<string, string>>[],
): Readonly<Record<string, string>> {
  return Object.assign({}, ...environments.toReversed()) as Record<string, string>;
}
