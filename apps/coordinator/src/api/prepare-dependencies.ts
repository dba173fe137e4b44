import type { coordinatorRoutes, PrepareResponse, RouteInput } from "@mosaic/contracts";
import type { Git } from "@mosaic/git";
import { openMirror, requireCommit } from "../checkout/mirror.ts";
import { readCommit } from "../checkout/read-commit.ts";
import { prepareCommit } from "../dependencies/prepare.ts";
import type { DependencyStore } from "../dependencies/store.ts";
import type { Workbench } from "../execution/workbench.ts";
import { readDefinition } from "../gates/check-commit.ts";

export interface PrepareDependenciesOptions {
  readonly bench: Workbench;
  readonly git: Git;
  readonly store: DependencyStore;
  readonly mirrorRoots: readonly string[];
}

type PrepareRequest = RouteInput<typeof coordinatorRoutes.prepareDependencies>["body"];

/** `POST /api/quality/prepare`. */
export type PrepareDependencies = (request: PrepareRequest, signal: AbortSignal) => Promise<PrepareResponse>;

export function createPrepareDependencies(options: PrepareDependenciesOptions): PrepareDependencies {
  const { bench, store } = options;
  return async (request, signal) => {
    const started = bench.now();
    const mirror = await openMirror(options.git, options.mirrorRoots, request.mirror, signal);
    await requireCommit(mirror, request.commit, signal);
    const tree = await readCommit(mirror, request.commit, signal);
    const definition = await readDefinition(tree);
    const answer = (result: Pick<PrepareResponse, "prepared" | "message" | "cached" | "mounts">) => ({
      ...result,
      durationMs: Math.max(0, bench.now() - started),
    });
    if (!definition.ok)
      return answer({ prepared: false, message: definition.reason, cached: false, mounts: [] });

    const preparation = await prepareCommit(store, tree, definition.definition.prepare ?? {}, signal);
    if (!preparation.ok) {
      const output = preparation.run?.output ?? "";
      const message = [preparation.message, output].filter((part) => part !== "").join("\n");
      return answer({ prepared: false, message: bench.redact(message), cached: false, mounts: [] });
    }
    // The caller mounts the folders for as long as an agent lives; the cache keeps what was used that recently.
    preparation.release();
    const { prepared, folders } = preparation;
    const message =
      prepared.length === 0
        ? "The commit has no dependencies to prepare."
        : `Prepared: ${prepared.map(({ manager }) => manager).join(", ")}.`;
    return answer({
      prepared: true,
      message,
      cached: prepared.every(({ cached }) => cached),
      mounts: folders,
    });
  };
}
