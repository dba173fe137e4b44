import { seededRandom } from "@mosaic/testing";
import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { restoreInto } from "../../apps/cli/src/restore/restore-into.ts";
import type { CleanupStep, Workspace, Workspaces } from "../../apps/orchestrator/src/git/port.ts";
import { type Bench, createBench } from "../../apps/orchestrator/tests/git/bench.ts";
import { interruption } from "../../apps/orchestrator/tests/git/interrupted.ts";
import { contentsOf, differences, scribble } from "../../apps/orchestrator/tests/git/random-tree.ts";
import type { Drill, DrillReport, ScenarioResult } from "../drill.ts";

const DIE = fileURLToPath(new URL("../../apps/orchestrator/tests/git/remove-and-die.ts", import.meta.url));
const FILES = { "README.md": "hello\n", "src/a.txt": "one\r\ntwo\r\n", "src/b": { link: "a.txt" } } as const;
/** Trees that nothing interrupts. */
const TREES = 60;
/** Trees for each way of being cut off; every one at every moment of its removal. */
const CUT_OFF_TREES = 2;
const ENOUGH_MOMENTS = 200;

/** No byte lost: random trees, removed and cut off at every moment, come back byte for byte. */
export const drill: Drill = {
  name: "salvage",
  async run(report: DrillReport): Promise<void> {
    report.scenario("random trees, removed and restored", await play(quietly));
    report.scenario("removal failing at every moment; clean-up", await play(failing));
    report.scenario("removal SIGKILLed at every moment; clean-up", await play(killed));
  },
};

type Tally = { -readonly [K in keyof ScenarioResult]: ScenarioResult[K] } & { details: string[] };

interface Stage {
  readonly bench: Bench;
  /** Called at every moment of this process's removals. */
  onMoment: (what: string) => void;
}

async function play(scenario: (stage: Stage, tally: Tally) => Promise<void>): Promise<ScenarioResult> {
  const tally: Tally = { tries: 0, survivors: 0, losses: 0, violations: 0, slowestMs: 0, details: [] };
  const stand = interruption((what) => stage.onMoment(what));
  const sandbox = stand.sandbox(createBubblewrapSandbox());
  const stage: Stage = {
    bench: await createBench({ files: FILES, sandbox, wrapGit: stand.git }),
    onMoment: () => undefined,
  };
  try {
    await scenario(stage, tally);
  } finally {
    await stage.bench.dispose();
  }
  return tally;
}

async function quietly(stage: Stage, tally: Tally): Promise<void> {
  for (let seed = 1; seed <= TREES; seed += 1) {
    const tried = await worked(stage.bench, seed);
    await judge(stage.bench.workspaces, tried, {
      tally,
      clean: (workspaces) => workspaces.remove(tried.workspace),
    });
  }
}

async function failing(stage: Stage, tally: Tally): Promise<void> {
  for (let seed = 1; seed <= CUT_OFF_TREES; seed += 1) {
    for (let last = 1; last < ENOUGH_MOMENTS; last += 1) {
      const tried = await worked(stage.bench, 1000 * seed + last);
      let moments = 0;
      stage.onMoment = (what) => {
        moments += 1;
        if (moments === last) throw new Error(`cut off ${what}`);
      };
      await stage.bench.workspaces.remove(tried.workspace);
      stage.onMoment = () => undefined;
      await judge(stage.bench.workspaces, tried, {
        tally,
        clean: (workspaces) => workspaces.remove(tried.workspace),
      });
      if (moments < last) break;
    }
  }
}

async function killed({ bench }: Stage, tally: Tally): Promise<void> {
  for (let seed = 1; seed <= CUT_OFF_TREES; seed += 1) {
    for (let last = 1; last < ENOUGH_MOMENTS; last += 1) {
      const tried = await worked(bench, 100_000 * seed + last);
      const end = await dieAt(bench, tried.workspace, last);
      const later = await bench.reopened();
      await judge(later, { ...tried, name: `${tried.name}, ${end}` }, { tally, clean: cleanUp });
      await later.close();
      if (end.startsWith("done")) break;
    }
  }
}

/** What a start does. */
async function cleanUp(workspaces: Workspaces): Promise<readonly CleanupStep[]> {
  const steps = [...(await workspaces.sweep())];
  for (const leftover of await workspaces.leftovers()) steps.push(...(await workspaces.remove(leftover)));
  return steps;
}

interface Tried {
  readonly name: string;
  readonly bench: Bench;
  readonly workspace: Workspace;
  readonly before: ReadonlyMap<string, string>;
}

let number = 0;

/** A workspace that an agent changed at random, half of the time with a snapshot in between. */
async function worked(bench: Bench, seed: number): Promise<Tried> {
  const next = seededRandom(seed);
  const workspace = await bench.open(`T-${(number += 1)}`);
  await scribble(workspace.tree, next);
  if (next(2) === 0) {
    // Some attributes make a tree that cannot be snapshot; it has to be salvaged all the same.
    await bench.snapshot(workspace).catch(() => undefined);
    await scribble(workspace.tree, next, 4);
  }
  return { name: `seed ${seed}`, bench, workspace, before: await contentsOf(workspace.tree) };
}

interface Judging {
  readonly tally: Tally;
  readonly clean: (workspaces: Workspaces) => Promise<readonly CleanupStep[]>;
}

/** Cleans up, restores, compares, and counts what is wrong. */
async function judge(workspaces: Workspaces, tried: Tried, { tally, clean }: Judging): Promise<void> {
  const { name, workspace, before } = tried;
  const began = performance.now();
  const failed = (await clean(workspaces)).filter(({ ok }) => !ok);
  tally.slowestMs = Math.max(tally.slowestMs, Math.round(performance.now() - began));
  const residue = await workspaces.residue(workspace.agentId, workspace.taskId);
  const lost = await lossesOf(workspaces, tried, before);
  tally.tries += 1;
  tally.survivors += residue.length;
  tally.losses += lost.length;
  tally.violations += failed.length;
  for (const what of [
    ...residue,
    ...lost,
    ...failed.map(({ name: step, detail }) => `${step}: ${detail ?? ""}`),
  ])
    tally.details.push(`${name}: ${what}`);
}

async function lossesOf(
  workspaces: Workspaces,
  { bench, workspace }: Tried,
  before: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const target = join(bench.fixture.folder, `restored-${(number += 1)}`);
  try {
    const [best] = await workspaces.salvages.list(workspace.agentId, workspace.mirror);
    if (best === undefined) {
      // Nothing was changed: what was there is the base.
      await mkdir(target);
      await bench.mirror(workspace, "worktree", "add", "-q", "--detach", target, workspace.baseCommit);
    } else {
      const { signal } = new AbortController();
      const archive = workspaces.salvages.archive(workspace.mirror, best, signal);
      await restoreInto(target, archive, { tree: best.tree, suffix: "x", signal });
    }
    return differences(before, await contentsOf(target));
  } catch (error) {
    return [`it cannot be restored: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** Removes in a process of its own that kills itself; answers with the moment, or `done`. */
function dieAt(bench: Bench, workspace: Workspace, moment: number): Promise<string> {
  return new Promise((resolve) => {
    const args = [DIE, bench.dataDir, workspace.agentId, workspace.taskId, String(moment)];
    execFile(process.execPath, args, (_, stdout, stderr) => resolve(`${stdout}${stderr}`));
  });
}
