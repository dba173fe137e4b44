import { ENVIRONMENT_FOLDER, type PrepareResponse, type Verdict } from "@mosaic/contracts";
import type { Mount } from "@mosaic/sandbox";
import { join, posix } from "node:path";
import type { CommitTree } from "../checkout/read-commit.ts";
import { TREE } from "../detect/gate-command.ts";
import type { CommandRun } from "../execution/run-command.ts";
import type { DependencyRuntime, PrepareSettings } from "./plan.ts";
import { mergeEnvironments, planDependencies } from "./planners.ts";
import type { DependencyStore, Lease } from "./store.ts";

/** Everything a commit's dependencies need in a sandbox, or why there is none. */
export type Preparation = PreparedCommit | FailedPreparation;

export interface PreparedCommit {
  readonly ok: true;
  /** Folders to mount: relative to the tree, or absolute. */
  readonly folders: PrepareResponse["mounts"];
  readonly runtime: DependencyRuntime;
  /** What was prepared with which command, for people; empty when there was nothing to prepare. */
  readonly prepared: readonly {
    readonly manager: string;
    readonly command: string;
    readonly cached: boolean;
  }[];
  /** The folders may be removed from now on. */
  release(): void;
}

export interface FailedPreparation {
  readonly ok: false;
  readonly outcome: Exclude<Verdict["outcome"], "passed" | "skipped" | "missing">;
  readonly message: string;
  readonly command: string | null;
  readonly run: CommandRun | null;
}

/** Prepares what a commit depends on, for every ecosystem in it. */
export async function prepareCommit(
  store: DependencyStore,
  tree: CommitTree,
  settings: PrepareSettings,
  signal: AbortSignal,
): Promise<Preparation> {
  const leases: { lease: Lease; runtime: DependencyRuntime }[] = [];
  const release = (): void => leases.forEach(({ lease }) => lease.release());
  try {
    for (const planned of await planDependencies(tree, settings)) {
      if (planned.kind === "unlocked") {
        release();
        return { ok: false, outcome: "failed", message: planned.message, command: null, run: null };
      }
      const result = await store.prepare(planned.plan, tree, signal);
      if (!result.ok) {
        release();
        const { outcome, message, run } = result;
        return { ok: false, outcome, message, command: planned.plan.command, run };
      }
      leases.push({ lease: result.lease, runtime: planned.plan.runtime });
    }
  } catch (error) {
    release();
    throw error;
  }
  return {
    ok: true,
    folders: leases.flatMap(({ lease }) => leaseFolders(lease)),
    runtime: {
      env: mergeEnvironments(leases.map(({ runtime }) => runtime.env)),
      path: leases.flatMap(({ runtime }) => runtime.path),
      pathEnd: leases.flatMap(({ runtime }) => runtime.pathEnd),
    },
    prepared: leases.map(({ lease }) => ({
      manager: lease.marker.manager,
      command: lease.marker.command,
      cached: lease.cached,
    })),
    release,
  };
}

function leaseFolders(lease: Lease): PrepareResponse["mounts"] {
  const folders = lease.marker.folders.map(({ path, scratch }) => ({
    source: join(lease.tree, path),
    target: path,
    scratch: [...scratch],
  }));
  if (lease.environment === null) return folders;
  return [...folders, { source: lease.environment, target: ENVIRONMENT_FOLDER, scratch: [] }];
}

/** The mounts and scratch folders of prepared folders, as a gate's sandbox takes them. */
export function gateMounts(folders: PrepareResponse["mounts"]): {
  readonly mounts: readonly Mount[];
  readonly scratch: readonly string[];
} {
  return {
    mounts: folders.map(({ source, target }) => ({
      source,
      target: posix.resolve(TREE, target),
      writable: false,
    })),
    scratch: folders.flatMap(({ target, scratch }) =>
      scratch.map((name) => posix.resolve(TREE, target, name)),
    ),
  };
}
