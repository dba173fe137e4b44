import { gitVersion } from "@mosaic/git";
import type { Sandbox } from "@mosaic/sandbox";
import { Semaphore } from "async-mutex";
import { join } from "node:path";
import { type CheckQuality, createCheckQuality } from "./api/check-quality.ts";
import { createPrepareDependencies, type PrepareDependencies } from "./api/prepare-dependencies.ts";
import type { CoordinatorDeps, CoordinatorOptions } from "./options.ts";
import { createMirrors } from "./checkout/mirror.ts";
import type { WorkArea } from "./checkout/work-area.ts";
import { createDependencyStore, type DependencyStore } from "./dependencies/store.ts";
import type { Workbench } from "./execution/workbench.ts";
import { createWorkTracker, type WorkTracker } from "./execution/work-tracker.ts";
import type { CoordinatorLimits } from "./limits.ts";

/** What serves requests when there is a sandbox. */
export interface Plane {
  readonly check: CheckQuality;
  readonly prepare: PrepareDependencies;
  readonly store: DependencyStore;
  readonly work: WorkTracker;
}

/** Builds it; nothing runs before the first request. */
export async function createPlane(
  deps: CoordinatorDeps & { readonly sandbox: Sandbox },
  options: CoordinatorOptions,
  { limits, area }: { readonly limits: CoordinatorLimits; readonly area: WorkArea },
): Promise<Plane> {
  const bench: Workbench = {
    ...deps,
    limits: {
      memoryMb: limits.memoryMb,
      fileBytes: limits.fileBytes,
      openFiles: limits.openFiles,
      tmpBytes: limits.tmpBytes,
      processes: limits.processes,
      cpus: limits.cpus,
    },
    minFreeBytes: limits.minFreeBytes,
  };
  const store = await createDependencyStore({
    root: join(options.dataDir, "cache", "dependencies"),
    area,
    bench,
    platform: options.platform,
    registries: options.registries,
    caFile: options.caFile,
    build: { timeoutMs: limits.prepareTimeoutMs, maxBytes: limits.preparedBytes },
    cache: { maxBytes: limits.cacheBytes, maxAgeMs: limits.cacheAgeMs, minIdleMs: limits.cacheMinIdleMs },
  });
  const environment = {
    sandbox: deps.sandbox.name,
    takesImages: deps.sandbox.takesImages,
    images: options.images,
    imageIds: deps.imageIds,
  };
  const { git, metrics, onYolo } = deps;
  const mirrors = createMirrors(git, options.mirrorRoots);
  const { yolo } = options;
  const toolchain = {
    coordinator: options.version,
    git: (await gitVersion(git)).version,
    node: options.platform.node,
    platform: `${options.platform.platform}-${options.platform.arch}`,
    sandbox: deps.sandbox.name,
  };
  return {
    check: createCheckQuality({
      bench,
      area,
      store,
      metrics,
      slots: new Semaphore(limits.gatesAtOnce),
      mirrors,
      environment,
      defaultTimeoutMs: limits.gateTimeoutMs,
      maxChecks: limits.checksAtOnce,
      yolo,
      onYolo,
      toolchain,
    }),
    prepare: createPrepareDependencies({ bench, store, mirrors, environment }),
    store,
    work: createWorkTracker(),
  };
}
