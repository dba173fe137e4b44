import { ENVIRONMENT_FOLDER } from "@mosaic/contracts";
import { createEgressProxy, SANDBOX_HOME, withEgress } from "@mosaic/sandbox";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CommitTree } from "../checkout/read-commit.ts";
import { treeSegments } from "../checkout/untrusted-file.ts";
import { TREE } from "../detect/gate-command.ts";
import { commandEnvironment, type CommandRun, runCommand, shellCommand } from "../execution/run-command.ts";
import type { Workbench } from "../execution/workbench.ts";
import { toolchainFor } from "../environment/toolchain.ts";
import { ENTRY_ENVIRONMENT, ENTRY_TREE, type Marker, measureEntry, publishEntry } from "./entry.ts";
import { collectOutputs, measure } from "./outputs.ts";
import type { DependencyPlan } from "./plan.ts";

/** Where package managers keep what they download, inside; gone with the build. */
const CACHE = "/cache";
/** The longest path a unix socket may have on Linux, with its end mark. */
const SOCKET_PATH_MAX = 107;

export interface BuildLimits {
  readonly timeoutMs: number;
  /** Bytes of one prepared set. */
  readonly maxBytes: number;
}

export interface BuildRequest {
  readonly bench: Workbench;
  readonly plan: DependencyPlan;
  readonly tree: CommitTree;
  /** An empty folder for the build, on the cache's disk. */
  readonly folder: string;
  /** Where the entry goes. */
  readonly entry: string;
  /** Host names that may be reached. */
  readonly registries: readonly string[];
  /** File of further certificate authorities. */
  readonly caFile?: string | undefined;
  readonly limits: BuildLimits;
  readonly signal: AbortSignal;
}

export type BuildResult =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly outcome: "failed" | "timeout" | "error";
      readonly message: string;
      readonly run: CommandRun;
    };

/**
 * Runs a plan's install in a sandbox which reaches the registries and nothing else, on a folder with the manifests and
 * nothing else, and publishes what it brought as an entry of the cache. Nothing of a failed build is kept.
 */
export async function buildDependencies(request: BuildRequest): Promise<BuildResult> {
  const finished = join(request.folder, "entry");
  const tree = join(finished, ENTRY_TREE);
  const environment = request.plan.environment === true;
  await mkdir(tree, { recursive: true });
  if (environment) await mkdir(join(finished, ENTRY_ENVIRONMENT));
  await writeInputs(request, tree);
  const run = await install(request, finished);
  if (run.end !== "exited" || run.exitCode !== 0) return refusal(run, request.plan);

  const folders = await collectOutputs(tree, request.plan.outputs);
  const size = await measureEntry(finished, { environment });
  if (size.bytes > request.limits.maxBytes) {
    return {
      ok: false,
      outcome: "failed",
      run,
      message: `The dependencies take ${size.bytes} bytes; the limit is ${request.limits.maxBytes}.`,
    };
  }
  const isEmpty = folders.length === 0 && !(environment && (await holdsFiles(finished)));
  if (isEmpty) {
    const wanted = request.plan.outputs.map((output) =>
      output.kind === "folder" ? output.path : output.name,
    );
    if (environment) wanted.push("$MOSAIC_ENVIRONMENT");
    return {
      ok: false,
      outcome: "failed",
      run,
      message: `'${request.plan.command}' succeeded but left no ${wanted.join(" or ")} folder.`,
    };
  }
  const marker: Marker = {
    manager: request.plan.manager,
    command: request.plan.command,
    folders: folders.map((folder) => ({ path: folder.path, scratch: [...folder.scratch] })),
    environment,
    ...size,
  };
  await publishEntry(finished, request.entry, marker);
  return { ok: true };
}

async function holdsFiles(finished: string): Promise<boolean> {
  return (await measure(join(finished, ENTRY_ENVIRONMENT))).files > 0;
}

async function writeInputs({ plan, tree }: BuildRequest, into: string): Promise<void> {
  const contents = await tree.contents(plan.inputs);
  const files: [string, Buffer | string][] = plan.inputs.map((path, index) => [path, contents[index] ?? ""]);
  for (const path of plan.placeholders) files.push([path, ""]);
  for (const [path, content] of files) {
    if (!treeSegments(path)) throw new Error(`'${path}' is not a path inside a tree`);
    await mkdir(dirname(join(into, path)), { recursive: true });
    await writeFile(join(into, path), content, { flag: "wx" });
  }
}

async function install(request: BuildRequest, finished: string): Promise<CommandRun> {
  const { bench, folder, plan } = request;
  const toolchain = toolchainFor(bench.toolchain, plan.image);
  const cache = join(folder, "cache");
  const socketFolder = join(folder, "out");
  const socketPath = join(socketFolder, "s");
  if (Buffer.byteLength(socketPath) > SOCKET_PATH_MAX) {
    throw new Error(
      `the data folder's path is too long for a unix socket (${socketPath}); choose a shorter MOSAIC_HOME`,
    );
  }
  await Promise.all([mkdir(cache), mkdir(socketFolder)]);
  const proxy = await createEgressProxy({
    socketPath,
    allow: request.registries,
    onDecision: (decision) => {
      if (!decision.allowed)
        bench.logger.warn({ ...decision, manager: plan.manager }, "an install was refused a connection");
    },
  });
  try {
    const spec = withEgress(
      {
        id: `prepare-${bench.ids()}`,
        label: `prepare:${plan.manager}`,
        command: shellCommand(installScript(plan)),
        env: {
          ...commandEnvironment([toolchain.path], SANDBOX_HOME),
          ...cacheEnvironment(),
          ...plan.env,
          ...(plan.environment === undefined ? {} : { MOSAIC_ENVIRONMENT: ENVIRONMENT_FOLDER }),
        },
        cwd: TREE,
        mounts: [
          ...toolchain.mounts,
          { source: join(finished, ENTRY_TREE), target: TREE, writable: true },
          { source: cache, target: CACHE, writable: true },
          ...(plan.environment === undefined
            ? []
            : [{ source: join(finished, ENTRY_ENVIRONMENT), target: ENVIRONMENT_FOLDER, writable: true }]),
        ],
        scratch: [],
        limits: bench.limits,
        ...(plan.image === undefined ? {} : { image: plan.image }),
      },
      {
        socketPath,
        node: toolchain.node,
        ...(request.caFile === undefined ? {} : { caFile: request.caFile }),
      },
    );
    return await runCommand(bench, {
      spec,
      timeoutMs: request.limits.timeoutMs,
      disk: folder,
      signal: request.signal,
    });
  } finally {
    await proxy.close();
  }
}

/** 127 with our own words when the package manager is not there: its absence is no fault of the commit. */
function installScript(plan: DependencyPlan): string {
  if (plan.program === null) return plan.command;
  return `command -v ${plan.program} >/dev/null 2>&1 || { echo '${missing(plan)}'; exit 127; }\n${plan.command}`;
}

function missing(plan: DependencyPlan): string {
  return `${plan.program ?? ""} is not installed on this machine, or not visible to the gates; install it system-wide.`;
}

/** Downloads go to a disk, not to the sandbox's home, which is memory. */
function cacheEnvironment(): Record<string, string> {
  return {
    XDG_CACHE_HOME: CACHE,
    npm_config_cache: `${CACHE}/npm`,
    YARN_CACHE_FOLDER: `${CACHE}/yarn`,
    YARN_GLOBAL_FOLDER: `${CACHE}/yarn-global`,
    PNPM_HOME: `${CACHE}/pnpm`,
    UV_CACHE_DIR: `${CACHE}/uv`,
    GOPATH: `${CACHE}/go`,
    GOCACHE: `${CACHE}/go-build`,
  };
}

function refusal(run: CommandRun, plan: DependencyPlan): BuildResult {
  if (run.end === "timeout") return { ok: false, outcome: "timeout", message: run.message, run };
  if (run.end === "disk_full") return { ok: false, outcome: "error", message: run.message, run };
  const isMissing = run.exitCode === 127 && run.printed.includes(missing(plan));
  const message = isMissing ? missing(plan) : `'${plan.command}' failed. ${run.message}`;
  return { ok: false, outcome: isMissing ? "error" : "failed", message, run };
}
