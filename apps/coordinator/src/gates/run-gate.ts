import type { Verdict } from "@mosaic/contracts";
import { SANDBOX_HOME, type Mount } from "@mosaic/sandbox";
import { join } from "node:path";
import { checkOut } from "../checkout/check-out.ts";
import type { Mirror } from "../checkout/mirror.ts";
import type { CommitTree } from "../checkout/read-commit.ts";
import { removeUntrusted } from "../checkout/untrusted-file.ts";
import { removeFolder } from "../checkout/work-area.ts";
import type { DependencyRuntime } from "../dependencies/plan.ts";
import { HARNESS, TREE } from "../detect/gate-command.ts";
import { commandEnvironment, type CommandRun, runCommand, shellCommand } from "../execution/run-command.ts";
import type { Workbench } from "../execution/workbench.ts";
import { toolchainFor } from "../environment/toolchain.ts";
import { judgeCoverage, reportPaths } from "./judge-coverage.ts";
import { judgeLint } from "./judge-lint.ts";
import { judgeTests } from "./judge-tests.ts";
import { silentTestFiles } from "./known-runner.ts";
import { restoreRunSettings } from "./run-settings.ts";
import { settingChanges } from "./tool-settings.ts";
import type { Judgement } from "./judgement.ts";
import type { RunnableGate } from "./plan.ts";

/** One commit's check, as each of its gates sees it. */
export interface GateContext {
  readonly bench: Workbench;
  readonly mirror: Mirror;
  readonly commit: string;
  /** The commit's tree. */
  readonly tree: string;
  /** Names the check; part of the sandboxes' names. */
  readonly checkId: string;
  /** Whose work it is: part of the sandboxes' labels, so that a kill finds them. */
  readonly agentId: string;
  /** The check's own folder: each gate makes its copy of the tree here. */
  readonly folder: string;
  /** Host folder of the harness. */
  readonly harness: string;
  readonly dependencies: {
    readonly mounts: readonly Mount[];
    readonly scratch: readonly string[];
    readonly runtime: DependencyRuntime;
  };
  readonly trees: { readonly base: CommitTree; readonly commit: CommitTree };
  /** What the commit does to the tests it is judged by, for people. */
  readonly testWarnings: readonly string[];
  /** Image of the sandboxes, by the base branch's word; undefined for the sandbox's own. */
  readonly image: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Runs one gate in a sandbox of its own, without network, on a copy of the commit of its own. Whatever goes wrong is
 * this gate's verdict.
 * @throws the signal's reason when the check is cancelled
 */
export async function runGate(plan: RunnableGate, context: GateContext): Promise<Verdict> {
  const copy = join(context.folder, plan.gate);
  const started = context.bench.now();
  try {
    return await runOnCopy(plan, copy, context);
  } catch (error) {
    context.signal.throwIfAborted();
    context.bench.logger.error(
      { err: error, gate: plan.gate, commit: context.commit },
      "a gate could not be run",
    );
    const reason = error instanceof Error ? error.message : String(error);
    return {
      ...verdictBase(plan, context),
      outcome: "error",
      exitCode: null,
      durationMs: Math.max(0, context.bench.now() - started),
      message: context.bench.redact(`The gate could not be run: ${reason}`),
      output: "",
    };
  } finally {
    await removeFolder(copy);
  }
}

function verdictBase(plan: RunnableGate, context: GateContext) {
  // Command lines come from the repository and could hold a secret of someone's.
  const command = context.bench.redact(plan.command.command);
  return { gate: plan.gate, commit: context.commit, command } as const;
}

async function runOnCopy(plan: RunnableGate, copy: string, context: GateContext): Promise<Verdict> {
  const { mirror, commit, tree, signal } = context;
  await checkOut(mirror, { commit, tree, into: copy, signal });
  if (plan.coverage) {
    for (const path of reportPaths(plan.coverage.report)) await removeUntrusted(copy, path);
  }
  const restored = await restoreRunSettings(copy, context.trees);
  const run = await runCommand(context.bench, {
    spec: gateSpec(plan, copy, context),
    timeoutMs: plan.timeoutMs,
    disk: context.folder,
    signal,
  });
  const judged = await judge(plan, copy, run, context);
  const notes = [...plan.command.notes, ...notesOn(plan, restored, context)]
    .map((note) => ` ${note}`)
    .join("");
  return {
    ...verdictBase(plan, context),
    outcome: judged.outcome,
    exitCode: run.exitCode,
    durationMs: run.durationMs,
    message: context.bench.redact(judged.message + notes),
    output: run.output,
    ...(judged.metrics ? { metrics: { ...judged.metrics } } : {}),
  };
}

/** What people should know of this run beyond its outcome. */
function notesOn(plan: RunnableGate, restored: readonly string[], { trees }: GateContext): readonly string[] {
  const settings = settingChanges(plan.gate, trees.base, trees.commit);
  return [
    ...(restored.length === 0
      ? []
      : [`This commit changes ${quoted(restored)}; the gate ran with the base branch's.`]),
    ...(settings.length === 0
      ? []
      : [`Warning: this commit changes settings of the gate's tools: ${quoted(settings)}.`]),
  ];
}

/** Paths are the agent's words. */
const quoted = (paths: readonly string[]): string => paths.map((path) => JSON.stringify(path)).join(", ");

function gateSpec(plan: RunnableGate, copy: string, context: GateContext) {
  const { bench, dependencies, image } = context;
  const { runtime } = dependencies;
  const toolchain = toolchainFor(bench.toolchain, image);
  // The harness first: its package managers run the base branch's scripts.
  const path = [`${HARNESS}/bin`, ...runtime.path, toolchain.path, ...runtime.pathEnd];
  return {
    id: `${context.checkId}-${plan.gate}`,
    label: `gate:${context.checkId}:${plan.gate}:${context.agentId}`,
    command: shellCommand(plan.command.script),
    env: {
      ...commandEnvironment(path, SANDBOX_HOME),
      MOSAIC_GATE: plan.gate,
      MOSAIC_TREE: TREE,
      MOSAIC_HARNESS: HARNESS,
      ...runtime.env,
    },
    cwd: TREE,
    mounts: [
      ...toolchain.mounts,
      { source: copy, target: TREE, writable: true },
      { source: context.harness, target: HARNESS, writable: false },
      ...dependencies.mounts,
    ],
    scratch: dependencies.scratch,
    limits: bench.limits,
    ...(image === undefined ? {} : { image }),
  };
}

type Judged = Omit<Judgement, "outcome"> & { readonly outcome: Verdict["outcome"] };

async function judge(
  plan: RunnableGate,
  copy: string,
  run: CommandRun,
  context: GateContext,
): Promise<Judged> {
  if (run.end === "timeout") return { outcome: "timeout", message: run.message };
  if (run.end === "disk_full") return { outcome: "error", message: run.message };
  if (run.end === "killed") return { outcome: "failed", message: run.message };
  if (run.exitCode !== 0) return { outcome: "failed", message: exitMessage(run) };
  if (plan.tests) {
    const silent = await silentTestFiles(run.printed, context.trees);
    return judgeTests(run.printed, { ...plan.tests, warnings: context.testWarnings, silent });
  }
  if (plan.gate === "lint") return judgeLint(run.printed);
  if (plan.coverage) return await judgeCoverage(copy, plan.coverage);
  return { outcome: "passed", message: "Passed." };
}

function exitMessage(run: CommandRun): string {
  const isMissing = run.exitCode === 127;
  return isMissing ? `${run.message} A program of the command is not installed here.` : run.message;
}
