import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { CommitTree } from "../checkout/read-commit.ts";
import { type WorkArea } from "../checkout/work-area.ts";
import type { Workbench } from "../execution/workbench.ts";
import { buildDependencies, type BuildLimits, type BuildResult } from "./build.ts";
import { ENTRY_ENVIRONMENT, ENTRY_TREE, isWhole, type Marker, readEntry, touchEntry } from "./entry.ts";
import { type CacheLimits, evict } from "./evict.ts";
import { dependencyKey, type Platform } from "./key.ts";
import type { DependencyPlan } from "./plan.ts";

/** A prepared set, kept from removal until `release`. */
export interface Lease {
  readonly marker: Marker;
  /** Host folder below which the prepared folders are. */
  readonly tree: string;
  /** Host folder for ENVIRONMENT_FOLDER; null when the plan has none. */
  readonly environment: string | null;
  /** True when nothing had to be built for this caller. */
  readonly cached: boolean;
  release(): void;
}

export type Prepared =
  | { readonly ok: true; readonly lease: Lease }
  | Extract<BuildResult, { readonly ok: false }>;

/** Dependencies, prepared once per key and shared by every check and agent. */
export interface DependencyStore {
  prepare(plan: DependencyPlan, tree: CommitTree, signal: AbortSignal): Promise<Prepared>;
  /** Stops what is being built. */
  close(): Promise<void>;
}

export interface DependencyStoreOptions {
  /** Folder of the entries. */
  readonly root: string;
  readonly area: WorkArea;
  readonly bench: Workbench;
  readonly platform: Platform;
  readonly registries: readonly string[];
  readonly caFile?: string | undefined;
  readonly build: BuildLimits;
  readonly cache: CacheLimits;
}

export async function createDependencyStore(options: DependencyStoreOptions): Promise<DependencyStore> {
  const { root, area, bench } = options;
  await mkdir(root, { recursive: true, mode: 0o700 });
  const obtaining = new Map<string, Promise<Obtained>>();
  const users = new Map<string, number>();
  const verified = new Set<string>();
  const closing = new AbortController();

  /** The entry, once looked through in the life of this process. */
  async function find(key: string): Promise<Marker | null> {
    const entry = join(root, key);
    const marker = await readEntry(entry);
    if (marker && !verified.has(key) && !(await isWhole(entry, marker))) {
      bench.logger.warn({ key }, "prepared dependencies are damaged and are made again");
      return await area.withFolder(`damaged-${bench.ids()}`, async (trash) => {
        await rename(entry, join(trash, key));
        return null;
      });
    }
    if (marker) verified.add(key);
    return marker;
  }

  async function build(key: string, plan: DependencyPlan, tree: CommitTree): Promise<BuildResult> {
    return await area.withFolder(`p-${bench.ids().slice(0, 8)}`, async (folder) => {
      const result = await buildDependencies({
        bench,
        plan,
        tree,
        folder,
        entry: join(root, key),
        registries: options.registries,
        caFile: options.caFile,
        limits: options.build,
        signal: closing.signal,
      });
      const isUsed = (other: string) => other === key || users.has(other);
      await evict(root, options.cache, { now: bench.now(), trash: folder, isUsed });
      return result;
    });
  }

  async function obtain(key: string, plan: DependencyPlan, tree: CommitTree): Promise<Obtained> {
    const found = await find(key);
    if (found) return { ok: true, marker: found, cached: true };
    const result = await build(key, plan, tree);
    if (!result.ok) return result;
    const marker = await find(key);
    if (!marker) throw new Error(`prepared dependencies ${key} vanished from ${root}`);
    return { ok: true, marker, cached: false };
  }

  /** Callers who want the same share one build; a caller who leaves does not stop it for the others. */
  function obtainOnce(key: string, plan: DependencyPlan, tree: CommitTree): Promise<Obtained> {
    const running = obtaining.get(key) ?? obtain(key, plan, tree).finally(() => obtaining.delete(key));
    obtaining.set(key, running);
    return running;
  }

  return {
    async prepare(plan, tree, signal) {
      signal.throwIfAborted();
      const key = dependencyKey(plan, tree, options.platform);
      // Counted before looking, so that nothing is removed between looking and using.
      users.set(key, (users.get(key) ?? 0) + 1);
      const release = once(() => drop(users, key));
      try {
        const result = await untilAborted(obtainOnce(key, plan, tree), signal);
        if (!result.ok) {
          release();
          return result;
        }
        const entry = join(root, key);
        await touchEntry(entry, bench.now());
        const { marker, cached } = result;
        const environment = marker.environment ? join(entry, ENTRY_ENVIRONMENT) : null;
        return { ok: true, lease: { marker, tree: join(entry, ENTRY_TREE), environment, cached, release } };
      } catch (error) {
        release();
        throw error;
      }
    },
    async close() {
      closing.abort(new Error("the coordinator is shutting down"));
      await Promise.allSettled(obtaining.values());
    },
  };
}

type Obtained =
  | { readonly ok: true; readonly marker: Marker; readonly cached: boolean }
  | Extract<BuildResult, { readonly ok: false }>;

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}

function drop(users: Map<string, number>, key: string): void {
  const left = (users.get(key) ?? 0) - 1;
  if (left > 0) users.set(key, left);
  else users.delete(key);
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
