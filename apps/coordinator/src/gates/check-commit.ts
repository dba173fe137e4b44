import type { QualityCheckRequest, Verdict } from "@mosaic/contracts";
import type { Gate } from "@mosaic/domain";
import type { Semaphore } from "async-mutex";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Mirror } from "../checkout/mirror.ts";
import { type CommitTree, readCommit } from "../checkout/read-commit.ts";
import { gateMounts, prepareCommit, type Preparation, type PreparedCommit } from "../dependencies/prepare.ts";
import type { DependencyStore } from "../dependencies/store.ts";
import { detectCommands } from "../detect/detect.ts";
import { type Detection, NOTHING_DETECTED } from "../detect/gate-command.ts";
import { baseRules, type EnvironmentPolicy, readEnvironment } from "../environment/read-environment.ts";
import type { Workbench } from "../execution/workbench.ts";
import {
  DEFINITION_MAX_BYTES,
  DEFINITION_PATH,
  parseDefinition,
  type ParsedDefinition,
} from "./definition.ts";
import { type GatePlan, planGates } from "./plan.ts";
import { runGates, settledVerdict } from "./run-gates.ts";
import { testChanges } from "./test-changes.ts";

export interface CheckContext {
  readonly bench: Workbench;
  readonly mirror: Mirror;
  /** The tree of the request's commit. */
  readonly tree: string;
  readonly gates: readonly Gate[];
  readonly store: DependencyStore;
  readonly slots: Semaphore;
  readonly checkId: string;
  readonly agentId: string;
  /** The check's own empty folder. */
  readonly folder: string;
  readonly defaultTimeoutMs: number;
  readonly environment: EnvironmentPolicy;
  readonly signal: AbortSignal;
}

/** Runs the gates of one phase on one commit. @returns the verdicts in the profile's order, `prepare` first */
export async function checkCommit(
  request: Pick<QualityCheckRequest, "commit" | "base">,
  context: CheckContext,
): Promise<readonly Verdict[]> {
  const { mirror, signal } = context;
  const base = await readCommit(mirror, request.base, signal);
  const commit = await readCommit(mirror, request.commit, signal);
  const definition = await readDefinition(base);
  const rules = baseRules(definition, await readEnvironment(base, context.environment));
  const detection = rules.ok ? await detectCommands(base, commit) : NOTHING_DETECTED;
  const plans = planGates({ ...context, definition: rules.ok ? definition : rules, detection });
  const known = plans.filter((plan) => plan.kind === "settled");
  if (!rules.ok || known.length === plans.length) {
    return known.map((plan) => settledVerdict(plan, request.commit));
  }

  const started = context.bench.now();
  const preparation = await prepareSafely(
    () => prepareCommit(context.store, commit, rules.prepare, signal),
    context,
  );
  const verdict = prepareVerdict(preparation, request.commit, context.bench.now() - started).map((one) => ({
    ...one,
    // Command lines come from the repository and could hold a secret of someone's.
    command: one.command === null ? null : context.bench.redact(one.command),
  }));
  if (!preparation.ok) {
    const settled = plans.filter((plan) => plan.kind === "settled");
    return [...verdict, ...settled.map((plan) => settledVerdict(plan, request.commit))];
  }
  try {
    const testWarnings = await testChanges(base, commit);
    const harness = await writeHarness(context.folder, detection);
    const { image } = rules.environment;
    const given = { request, context, preparation, harness, trees: { base, commit }, testWarnings, image };
    return [...verdict, ...(await runPlans(plans, given))];
  } finally {
    preparation.release();
  }
}

/** `.mosaic/gates.json` of a commit. */
export async function readDefinition(tree: CommitTree): Promise<ParsedDefinition> {
  // A link would be read as no file at all, and so as no rules.
  const isElsewhere = [DEFINITION_PATH, dirname(DEFINITION_PATH)].some((path) => tree.links.has(path));
  if (isElsewhere) {
    return {
      ok: false,
      reason: `${DEFINITION_PATH} of the base branch is a symbolic link; it must be a file`,
    };
  }
  const text = await tree.text(DEFINITION_PATH);
  if (text === null && tree.paths.has(DEFINITION_PATH)) return tooLarge();
  return text !== null && text.length > DEFINITION_MAX_BYTES ? tooLarge() : parseDefinition(text);
}

function tooLarge(): ParsedDefinition {
  return {
    ok: false,
    reason: `${DEFINITION_PATH} of the base branch is larger than ${DEFINITION_MAX_BYTES} bytes`,
  };
}

/** A preparation that breaks is a verdict, too; only a cancelled check is not. */
async function prepareSafely(
  prepare: () => Promise<Preparation>,
  context: CheckContext,
): Promise<Preparation> {
  try {
    return await prepare();
  } catch (error) {
    context.signal.throwIfAborted();
    context.bench.logger.error({ err: error }, "dependencies could not be prepared");
    const reason = error instanceof Error ? error.message : String(error);
    const message = context.bench.redact(`The dependencies could not be prepared: ${reason}`);
    return { ok: false, outcome: "error", message, command: null, run: null };
  }
}

function prepareVerdict(preparation: Preparation, commit: string, durationMs: number): readonly Verdict[] {
  const verdict = { gate: "prepare", commit, durationMs: Math.max(0, durationMs) } as const;
  if (!preparation.ok) {
    const { outcome, message, command, run } = preparation;
    return [
      { ...verdict, outcome, message, command, exitCode: run?.exitCode ?? null, output: run?.output ?? "" },
    ];
  }
  if (preparation.prepared.length === 0) return [];
  const command = preparation.prepared.map((set) => set.command).join(" && ");
  const message = preparation.prepared
    .map(({ manager, cached }) => `${manager} dependencies ${cached ? "were prepared before" : "prepared"}.`)
    .join(" ");
  return [{ ...verdict, outcome: "passed", command, exitCode: 0, message, output: "" }];
}

/** Writes what the base commit gives to the gates; they see it read-only. */
async function writeHarness(folder: string, detection: Detection): Promise<string> {
  const harness = join(folder, "harness");
  await mkdir(harness);
  for (const [path, content] of detection.harness) {
    await mkdir(dirname(join(harness, path)), { recursive: true });
    await writeFile(join(harness, path), content, {
      mode: path.startsWith("bin/") ? 0o755 : 0o644,
      flag: "wx",
    });
  }
  return harness;
}

interface Run {
  readonly request: Pick<QualityCheckRequest, "commit">;
  readonly context: CheckContext;
  readonly preparation: PreparedCommit;
  readonly harness: string;
  readonly trees: { readonly base: CommitTree; readonly commit: CommitTree };
  readonly testWarnings: readonly string[];
  readonly image: string | undefined;
}

async function runPlans(plans: readonly GatePlan[], given: Run): Promise<readonly Verdict[]> {
  const { context, preparation } = given;
  return await runGates(
    plans,
    {
      ...context,
      commit: given.request.commit,
      harness: given.harness,
      dependencies: { ...gateMounts(preparation.folders), runtime: preparation.runtime },
      trees: given.trees,
      testWarnings: given.testWarnings,
      image: given.image,
    },
    context.slots,
  );
}
