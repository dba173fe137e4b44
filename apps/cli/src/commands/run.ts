import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { UnreachableError } from "@mosaic/client";
import type { SpawnOptions, SpawnRequest } from "@mosaic/contracts";
import { usageError } from "../exit.ts";
import { short } from "../render/units.ts";
import { cleanLine } from "../terminal/clean.ts";
import { sayWarnings, type CommandContext } from "./context.ts";
import { followOnTerminal } from "./follow.ts";

export interface RunFlags {
  readonly repo?: string;
  readonly branch: string;
  readonly agentType: SpawnRequest["agentType"];
  readonly profile?: NonNullable<SpawnRequest["gateProfile"]>;
  readonly gates?: NonNullable<SpawnOptions["gates"]>;
  readonly taskId?: string;
  readonly priority?: number;
  readonly timeout?: number;
  readonly retries?: number;
  readonly model?: string;
  readonly budget?: number;
  readonly skill?: readonly string[];
  readonly memory?: number;
  readonly egress?: readonly string[];
  readonly runtime?: string;
  readonly follow?: boolean;
}

/** Milliseconds an admission may take: the server asks the repository for the branch first, maybe far away. */
const SPAWN_MS = 120_000;

/** `mosaic run`: admits a task and prints its agent's id; with --follow, goes with it to the end. */
export async function run(context: CommandContext, items: readonly string[], flags: RunFlags): Promise<void> {
  const { terminal, signal } = context;
  const { repo } = flags;
  if (repo === undefined)
    throw usageError(
      "--repo is missing: the repository to work on",
      "https://…, ssh://…, or a path; `--repo .` is the current folder",
    );
  const workItems = await readWorkItems(context, items);
  const body = spawnRequest(context, { workItems, repo, flags });
  const client = await context.connect();
  await sayWarnings(context, client);
  const options = { signal, timeoutMs: SPAWN_MS };
  const answer = await client.call("spawnAgent", { body }, options).catch((error: unknown) => {
    // The request may have arrived although the answer did not; the same task id makes a repetition safe.
    if (error instanceof UnreachableError) {
      terminal.warn(`the task may have been admitted; to repeat this safely, add --task-id ${body.taskId}`);
    }
    throw error;
  });
  if (terminal.json && flags.follow !== true) terminal.jsonLine(answer);
  if (!terminal.json) terminal.line(answer.agentId);
  terminal.say(
    `task ${body.taskId} on ${cleanLine(body.context.branch)} of ${cleanLine(body.context.repository)}`,
  );
  if (flags.follow === true) return await followOnTerminal(context, client, answer.agentId);
  terminal.say(`follow it: mosaic logs ${short(answer.agentId)} -f`);
}

async function readWorkItems(context: CommandContext, items: readonly string[]): Promise<string[]> {
  if (items.length === 0) {
    throw usageError(
      "there is nothing to do: a work item is missing",
      'For example: mosaic run --repo . "Fix the failing test"',
      "`-` reads one from standard input.",
    );
  }
  if (items.filter((item) => item === "-").length > 1) {
    throw usageError("`-` may be given once: standard input is one work item");
  }
  const read: string[] = [];
  for (const item of items) {
    const text = (item === "-" ? await context.terminal.readInput(context.signal) : item).trim();
    if (text === "") throw usageError(item === "-" ? "standard input is empty" : "a work item is empty");
    read.push(text);
  }
  return read;
}

function spawnRequest(
  context: CommandContext,
  { workItems, repo, flags }: { workItems: string[]; repo: string; flags: RunFlags },
): SpawnRequest {
  if (flags.gates !== undefined && flags.profile !== undefined && flags.profile !== "custom") {
    throw usageError(`--gates chooses gates for the custom profile, not for '${flags.profile}'`);
  }
  const profile = flags.gates === undefined ? flags.profile : "custom";
  const options: SpawnOptions = {
    ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
    ...(flags.budget === undefined ? {} : { budgetUsd: flags.budget }),
    ...(flags.retries === undefined ? {} : { maxRetries: flags.retries }),
    ...(flags.priority === undefined ? {} : { priority: flags.priority }),
    ...(flags.model === undefined ? {} : { model: flags.model }),
    ...(flags.gates === undefined ? {} : { gates: flags.gates }),
    ...(flags.memory === undefined ? {} : { memoryMb: flags.memory }),
    ...(flags.egress === undefined ? {} : { egress: [...flags.egress] }),
  };
  return {
    taskId: flags.taskId ?? taskIdFor(workItems[0] ?? "", context.randomText()),
    agentType: flags.agentType,
    ...(profile === undefined ? {} : { gateProfile: profile }),
    context: {
      repository: absoluteRepository(repo, context.cwd),
      branch: flags.branch,
      workItems,
      ...(flags.skill === undefined ? {} : { skills: [...flags.skill] }),
      ...(flags.runtime === undefined ? {} : { runtime: flags.runtime }),
    },
    ...(Object.keys(options).length === 0 ? {} : { options }),
  };
}

/** A task id from the words of the work, and some random text: `fix-the-failing-test-3fa9c1`. */
export function taskIdFor(workItem: string, random: string): string {
  const slug = workItem
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, "");
  return `${slug === "" ? "task" : slug}-${random}`;
}

/** Addresses stay as they are; what names a folder becomes absolute, because the server has another current folder. */
export function absoluteRepository(repository: string, cwd: string): string {
  if (repository === "" || repository.includes("://")) return repository;
  const path = resolve(cwd, repository);
  // `host:path` is how ssh repositories are written, unless there is a folder of that name.
  const scpLike = /^[^/]+:/.test(repository);
  return scpLike && !existsSync(path) ? repository : path;
}
